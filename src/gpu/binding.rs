//! What a kernel binds, read from its WGSL.

/// How a kernel sees one of its bindings. Binding numbers are positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// `var<uniform>`
    Uniform,
    /// `var<storage, read>`
    Read,
    /// `var<storage, read_write>`
    ReadWrite,
}

impl Binding {
    pub(crate) fn layout(self) -> wgpu::BindingType {
        let ty = match self {
            Binding::Uniform => wgpu::BufferBindingType::Uniform,
            Binding::Read => wgpu::BufferBindingType::Storage { read_only: true },
            Binding::ReadWrite => wgpu::BufferBindingType::Storage { read_only: false },
        };
        wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None }
    }
}

/// The bindings of a complete WGSL text, in order of their numbers.
///
/// Strict, so that no parser is needed: each stands on a line of its own, written
/// `@group(0) @binding(NUMBER) var<uniform> …`, or with `storage, read` or `storage, read_write` for `uniform`.
///
/// # Errors
/// The line, where it is written otherwise; the numbers, where they are not 0, 1, 2, … each once.
pub fn bindings(text: &str) -> Result<Vec<Binding>, String> {
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let declared = code.filter(|line| line.contains("@group") || line.contains("@binding"));
    let mut found = declared
        .map(|line| one(line).ok_or_else(|| format!("{line:?} is not how bindings are written")))
        .collect::<Result<Vec<_>, _>>()?;
    found.sort_by_key(|(number, _)| *number);
    let numbers: Vec<usize> = found.iter().map(|(number, _)| *number).collect();
    if !numbers.iter().copied().eq(0..numbers.len()) {
        return Err(format!("bindings are numbered {numbers:?}, not from 0 on"));
    }
    Ok(found.into_iter().map(|(_, binding)| binding).collect())
}

fn one(line: &str) -> Option<(usize, Binding)> {
    let (number, rest) = line.strip_prefix("@group(0) @binding(")?.split_once(") var<")?;
    let (space, _) = rest.split_once("> ")?;
    let binding = match space {
        "uniform" => Binding::Uniform,
        "storage, read" => Binding::Read,
        "storage, read_write" => Binding::ReadWrite,
        _ => return None,
    };
    Some((number.parse().ok()?, binding))
}

#[cfg(test)]
mod tests {
    use super::{Binding, bindings};

    #[test]
    fn bindings_come_in_the_order_of_their_numbers() {
        let text = "// @group(7)\n@group(0) @binding(1) var<storage, read> a: array<f32>; // in\n\
                    @group(0) @binding(2) var<storage, read_write> b: array<f32>;\n\
                    @group(0) @binding(0) var<uniform> params: Params;\nfn main() {}\n";
        assert_eq!(bindings(text), Ok(vec![Binding::Uniform, Binding::Read, Binding::ReadWrite]));
    }

    #[test]
    fn what_is_written_otherwise_is_refused() {
        for line in [
            "@group(1) @binding(0) var<uniform> a: A;",
            "@group(0) @binding(1) var<uniform> a: A;",
            "@binding(0) @group(0) var<uniform> a: A;",
            " @group(0) @binding(0) var<uniform> a: A;",
            "@group(0) @binding(0) var<storage> a: A;",
            "@group(0) @binding(0) var<storage,read> a: A;",
            "@group(0) @binding(0)\nvar<uniform> a: A;",
            "@group(0) @binding(0) var t: texture_2d<f32>;",
            "@group(0) @binding(0) var<uniform> a: A;\n@group(0) @binding(0) var<uniform> b: A;",
        ] {
            assert!(bindings(line).is_err(), "{line}");
        }
    }
}
