//! Why an adapter is not used, and what to do instead.

use super::adapter::{AdapterReport, Backend};
use crate::error::Error;

/// A refused adapter, for lists of adapters.
pub(super) fn describe(report: &AdapterReport, error: &Error) -> String {
    // One that was refused already says all of it.
    if let Error::NoAdapter { found, .. } = error
        && let [told] = found.as_slice()
    {
        return told.clone();
    }
    format!("{report} (refused: {error}; {})", remedy(report.backend, error))
}

/// An adapter whose driver runs shaders on the CPU, where that is not allowed.
pub(super) fn software(report: &AdapterReport) -> String {
    format!(
        "{report} (runs shaders on the CPU, where Context::cpu() is faster; name it, or allow it with \
             ContextBuilder::software)"
    )
}

/// The error of an adapter that could not be opened.
pub(super) fn refused(report: &AdapterReport, error: Error) -> Error {
    let found = vec![describe(report, &error)];
    Error::NoAdapter { requested: "a working device".into(), found }
}

fn remedy(backend: Backend, error: &Error) -> &'static str {
    match (backend, error) {
        (_, Error::LimitExceeded { .. }) => {
            "it is less than WebGPU's core; use another adapter, or Context::cpu()"
        }
        (_, Error::OutOfMemory { .. }) => {
            "end what else uses its memory, use another adapter, or Context::cpu()"
        }
        (Backend::Gl, _) => {
            "use the card's Vulkan driver instead: install the vendor's driver whole, or on Debian \
             mesa-vulkan-drivers, with libvulkan1; in an NVIDIA container set \
             NVIDIA_DRIVER_CAPABILITIES=all; WGPU_BACKEND=vulkan leaves GL out; or Context::cpu()"
        }
        (Backend::Vulkan, _) => {
            "update its driver (Mesa to 24 or later), choose another adapter by name, with WGPU_BACKEND or \
             VK_DRIVER_FILES, or use Context::cpu()"
        }
        _ => {
            "update its driver, choose another adapter by name or with WGPU_BACKEND, or use Context::cpu()"
        }
    }
}

/// What narrows the choice of adapters from outside, as far as it is set.
pub(super) fn narrowed() -> Vec<String> {
    const VARIABLES: [&str; 5] = [
        "WGPU_BACKEND",
        "VK_DRIVER_FILES",
        "VK_ICD_FILENAMES",
        "VK_LOADER_DRIVERS_SELECT",
        "VK_LOADER_DRIVERS_DISABLE",
    ];
    let set = VARIABLES.iter().filter_map(|name| Some((name, std::env::var(name).ok()?)));
    set.map(|(name, value)| format!("{name}={value}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{describe, refused};
    use crate::error::Error;
    use crate::gpu::{AdapterReport, Backend};

    #[test]
    fn every_refusal_names_the_adapter_the_reason_and_a_way_out() {
        let errors = [
            Error::DeviceLost { reason: "Parent device is lost".into() },
            Error::Device { message: "no context".into() },
            Error::OutOfMemory { what: "probe input".into() },
            Error::LimitExceeded { what: "storage".into(), needed: 8, available: 4 },
        ];
        for backend in [Backend::Gl, Backend::Vulkan, Backend::Metal, Backend::Dx12] {
            let report =
                AdapterReport { name: "card".into(), backend, ..AdapterReport::cpu_twin() };
            for error in &errors {
                let words = refused(&report, error.clone()).to_string();
                let reason = error.to_string();
                for part in ["card", &reason, "Context::cpu()", backend.name()] {
                    assert!(words.contains(part), "{words}: {part}");
                }
                assert_eq!(words.lines().count(), 1);
                assert_eq!(
                    words.contains("WGPU_BACKEND=vulkan"),
                    words.contains("(gl)") && words.contains("Vulkan")
                );
                // In a list it is not said twice.
                let again = describe(&report, &refused(&report, error.clone()));
                assert_eq!(again.matches("refused").count(), 1, "{again}");
            }
        }
    }
}
