//! `kantor adapters`: what this machine offers, and whether it computes right.

use crate::failure::{Outcome, visible};
use crate::output::{print, print_json};
use kantor::gpu::{AdapterReport, Capabilities, Probes};
use kantor::{Backend, Context, Error, Result};
use serde::Serialize;
use std::fmt::Write;
use std::process::ExitCode;

/// Every adapter with its limits, features and start-up probes, and the CPU twin.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// JSON on one line
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    adapters: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    name: String,
    backend: &'static str,
    kind: &'static str,
    driver: String,
    driver_info: String,
    /// Why it cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    /// What can be done about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Limits>,
    #[serde(skip_serializing_if = "Option::is_none")]
    features: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probes: Option<ProbeResults>,
}

#[derive(Serialize)]
struct Limits {
    storage_buffers_per_stage: u32,
    storage_binding_bytes: u64,
    buffer_bytes: u64,
    workgroup_invocations: u32,
    workgroup_memory_bytes: u32,
    workgroups_per_dimension: u32,
}

#[derive(Serialize)]
struct ProbeResults {
    double_float_exact: bool,
    guarded_wrong: u32,
    plain_twosum_wrong: u32,
    pairs: usize,
    loop_reached: u32,
    loop_asked: u32,
    /// In units of 2⁻²⁴.
    exp2_error: f32,
    denormals_kept: bool,
    fused_fma: bool,
    /// In ulp.
    quotient_error: f32,
    /// Quotients hold for divisors below 2 to this power.
    divisor_end: i32,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome<ExitCode> {
    let mut adapters: Vec<Entry> =
        Context::all_blocking().iter().map(|(report, opened)| entry(report, opened)).collect();
    let twin = Context::cpu();
    adapters.push(entry(&twin.adapter().clone(), &Ok(twin)));
    if arguments.json {
        print_json(&Report { adapters }, true)?;
    } else {
        print(&adapters.iter().map(describe).collect::<Vec<_>>().join("\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn entry(report: &AdapterReport, opened: &Result<Context>) -> Entry {
    let context = opened.as_ref().ok();
    let capabilities = context.and_then(Context::capabilities);
    Entry {
        name: report.name.clone(),
        backend: report.backend.name(),
        kind: report.kind.name(),
        driver: report.driver.clone(),
        driver_info: report.driver_info.clone(),
        refused: opened.as_ref().err().map(ToString::to_string),
        advice: opened.as_ref().err().map(|error| advice(error, report.backend)),
        limits: capabilities.map(limits),
        features: capabilities.map(|_| report.features.clone()),
        probes: capabilities.map(|capabilities| probes(&capabilities.probes)),
    }
}

/// What can be done about an adapter that cannot be used. The reason, in the driver's words or the library's, stands
/// beside it.
fn advice(error: &Error, backend: Backend) -> &'static str {
    match (error, backend) {
        (Error::LimitExceeded { .. }, _) => {
            "take another adapter (--adapter NAME) or the CPU twin (--adapter cpu); a newer driver may offer more"
        }
        (_, Backend::Gl) => {
            "take the same GPU through another backend (--adapter vulkan, metal or dx12), which serves compute better \
             than GL; or the CPU twin (--adapter cpu)"
        }
        (Error::OutOfMemory { .. }, _) => {
            "close what else uses its memory, or take another adapter (--adapter NAME) or the CPU twin (--adapter cpu)"
        }
        _ => {
            "update its driver, or take another adapter (--adapter NAME) or the CPU twin (--adapter cpu)"
        }
    }
}

fn limits(capabilities: &Capabilities) -> Limits {
    let limits = &capabilities.limits;
    Limits {
        storage_buffers_per_stage: limits.max_storage_buffers_per_shader_stage,
        storage_binding_bytes: limits.max_storage_buffer_binding_size,
        buffer_bytes: limits.max_buffer_size,
        workgroup_invocations: limits.max_compute_invocations_per_workgroup,
        workgroup_memory_bytes: limits.max_compute_workgroup_storage_size,
        workgroups_per_dimension: limits.max_compute_workgroups_per_dimension,
    }
}

fn probes(probes: &Probes) -> ProbeResults {
    ProbeResults {
        double_float_exact: probes.twofloat_exact(),
        guarded_wrong: probes.guarded_wrong,
        plain_twosum_wrong: probes.plain_wrong,
        pairs: Probes::PAIRS,
        loop_reached: probes.loop_reached,
        loop_asked: Probes::LOOP,
        exp2_error: probes.exp2_error,
        denormals_kept: probes.denormals,
        fused_fma: probes.fused_fma,
        quotient_error: probes.quotient_error,
        divisor_end: probes.divisor_end,
    }
}

fn describe(entry: &Entry) -> String {
    let name = if entry.name.is_empty() { "unnamed" } else { &entry.name };
    let mut text = format!("{}\n", visible(name));
    // Writing to a string cannot fail.
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:14}{}", visible(&value));
    };
    line("backend", format!("{}, {}", entry.backend, entry.kind));
    line("driver", format!("{} {}", entry.driver, entry.driver_info).trim().to_owned());
    if let Some(reason) = &entry.refused {
        line("refused", reason.clone());
    }
    if let Some(advice) = entry.advice {
        line("what to do", advice.to_owned());
    }
    if let Some(limits) = &entry.limits {
        line(
            "storage",
            format!(
                "{} buffers a stage, {} a binding, {} a buffer",
                limits.storage_buffers_per_stage,
                size(limits.storage_binding_bytes),
                size(limits.buffer_bytes)
            ),
        );
        line(
            "workgroup",
            format!(
                "{} invocations, {} of memory, {} groups a dimension",
                limits.workgroup_invocations,
                size(limits.workgroup_memory_bytes.into()),
                limits.workgroups_per_dimension
            ),
        );
    }
    if let Some(features) = &entry.features {
        line(
            "features",
            match features.len() {
                0 => "none".into(),
                1..=2 => features.join(", "),
                count => format!(
                    "{}, … {count} in all (--json lists them); none is needed",
                    features[..2].join(", ")
                ),
            },
        );
    }
    if let Some(probes) = &entry.probes {
        let verdict = if probes.double_float_exact { "exact" } else { "NOT exact, refused" };
        line(
            "double-float",
            format!("{verdict}: {} of {} guarded pairs wrong", probes.guarded_wrong, probes.pairs),
        );
        line(
            "plain TwoSum",
            format!("{} of {} wrong without the guard", probes.plain_twosum_wrong, probes.pairs),
        );
        line(
            "loops",
            format!("{} of {} iterations reached", probes.loop_reached, probes.loop_asked),
        );
        line("exp2", format!("relative error {:.1} × 2⁻²⁴", probes.exp2_error));
        let divisors = match probes.divisor_end {
            128 => "all divisors".into(),
            end => format!("divisors below 2^{end}"),
        };
        line("division", format!("within {:.1} ulp, {divisors}", probes.quotient_error));
        line("fma", if probes.fused_fma { "fused" } else { "rounds twice" }.into());
        line("denormals", if probes.denormals_kept { "kept" } else { "flushed to zero" }.into());
    }
    text
}

fn size(bytes: u64) -> String {
    match bytes {
        b if b >= 1 << 30 => {
            format!("{:.4} GiB", b as f64 / (1u64 << 30) as f64).replace(".0000", "")
        }
        b if b >= 1 << 20 => format!("{} MiB", b >> 20),
        b => format!("{} KiB", b >> 10),
    }
}

#[cfg(test)]
mod tests {
    use super::{describe, entry};
    use kantor::{Backend, Context, Error};

    #[test]
    fn a_refused_adapter_says_what_to_do() {
        let mut report = Context::cpu().adapter().clone();
        report.name = "a card\x1b[2J".into();
        for backend in [Backend::Gl, Backend::Vulkan, Backend::Dx12] {
            report.backend = backend;
            for error in [
                Error::DeviceLost { reason: "Parent device is lost".into() },
                Error::Device { message: "two\nlines".into() },
                Error::OutOfMemory { what: "a buffer".into() },
                Error::LimitExceeded { what: "storage".into(), needed: 8, available: 4 },
            ] {
                let text = describe(&entry(&report, &Err(error.clone())));
                let [name, ref rest @ ..] = text.lines().collect::<Vec<_>>()[..] else {
                    panic!("nothing is said");
                };
                assert_eq!(name, "a card\\u{1b}[2J");
                let line =
                    |start: &str| rest.iter().filter(|line| line.trim().starts_with(start)).count();
                assert_eq!([line("refused"), line("what to do")], [1, 1], "{error}: {text}");
                assert!(text.contains("--adapter cpu"), "{text}");
                assert_eq!(rest.len(), 4, "{text}");
            }
        }
    }
}
