//! Structs that the host and a kernel share. Each is written twice, in Rust and in WGSL, and held against what naga makes
//! of the second by a test that comes with the first.

/// Defines structs that are as a struct of a WGSL file, or of several files:
///
/// ```ignore
/// params! {
///     /// What it is.
///     pub(crate) struct RescaleParams = Rescale in "transport/rescale.wgsl" {
///         zero: u32,
///         factor: f32,
///     }
/// }
/// ```
///
/// A test of the struct's name compares names, types, offsets and size. `tests/shaders.rs` finds kernels whose
/// parameters have no such struct.
macro_rules! params {
    ($(
        $(#[$about:meta])*
        $visible:vis struct $name:ident = $wgsl:ident in $($file:literal),+ {
            $($(#[$of_member:meta])* $member:ident: $type:ty,)*
        }
    )+) => { $(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
        #[repr(C)]
        $visible struct $name {
            $($(#[$of_member])* $visible $member: $type,)*
        }

        #[cfg(test)]
        #[test]
        #[allow(non_snake_case)]
        fn $name() {
            let members = [$((
                stringify!($member),
                stringify!($type),
                std::mem::offset_of!($name, $member),
            )),*];
            for file in [$($file),+] {
                let wgsl = $crate::gpu::layout::of(file, stringify!($wgsl));
                $crate::gpu::layout::compare(&members, size_of::<$name>(), &wgsl);
            }
        }
    )+ };
}
pub(crate) use params;

#[cfg(test)]
pub(crate) use tests::{compare, of};

#[cfg(test)]
#[allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]
mod tests {
    use super::super::shader::SOURCES;
    use naga::{ScalarKind, TypeInner};

    /// Words of four bytes, each with the name of its member, and bytes in all.
    type Words = (Vec<(String, ScalarKind)>, usize);

    fn scalars(inner: &TypeInner) -> (usize, ScalarKind) {
        match *inner {
            TypeInner::Scalar(scalar) => (1, scalar.kind),
            TypeInner::Vector { size, scalar } => (size as usize, scalar.kind),
            ref other => panic!("{other:?} is in no struct that the host shares"),
        }
    }

    /// The struct of this name in a file of `shaders/`, as naga lays it out.
    pub(crate) fn of(file: &str, name: &str) -> Words {
        let known = SOURCES.iter().find(|(path, _)| *path == file);
        let (_, text) = known.unwrap_or_else(|| panic!("there is no {file}"));
        // Alone: a file that others include need not be a whole.
        let start = text.find(&format!("struct {name} {{")).unwrap_or(text.len());
        let end = text[start..].find('}').map_or(text.len(), |end| start + end + 1);
        let text = &text[start..end];
        let module = naga::front::wgsl::parse_str(text)
            .unwrap_or_else(|error| panic!("{file}: {}", error.emit_to_string(text)));
        let named = |ty: &naga::Type| ty.name.as_deref() == Some(name);
        let found = module.types.iter().find(|(_, ty)| named(ty));
        let Some((_, naga::Type { inner: TypeInner::Struct { members, span }, .. })) = found else {
            panic!("{file} has no struct {name}");
        };
        let mut words = vec![("padding".to_owned(), ScalarKind::Uint); *span as usize / 4];
        for member in members {
            let (count, kind) = scalars(&module.types[member.ty].inner);
            let at = member.offset as usize / 4;
            words[at..at + count].fill((member.name.clone().expect("a name"), kind));
        }
        (words, *span as usize)
    }

    /// Members of Rust's (name, type, offset) against them. What is called `unused` or is padding has no use, so that its
    /// name says nothing.
    pub(crate) fn compare(members: &[(&str, &str, usize)], bytes: usize, wgsl: &Words) {
        let mut words = Vec::new();
        for (name, ty, offset) in members {
            let (element, count) = match ty.trim_matches(['[', ']']).split_once("; ") {
                Some((element, count)) => (element, count.parse().expect("a number")),
                None => (*ty, 1),
            };
            let kind = match element {
                "u32" => ScalarKind::Uint,
                "f32" => ScalarKind::Float,
                other => panic!("{name} is {other}"),
            };
            assert_eq!(offset / 4, words.len(), "{name}");
            words.extend(vec![((*name).to_owned(), kind); count]);
        }
        let used = |words: &[(String, ScalarKind)]| -> Vec<Option<(String, ScalarKind)>> {
            let unused = |name: &str| name.starts_with("unused") || name == "padding";
            words.iter().map(|word| Some(word.clone()).filter(|(name, _)| !unused(name))).collect()
        };
        assert_eq!(used(&words), used(&wgsl.0));
        assert_eq!(bytes, wgsl.1, "bytes");
    }

    #[test]
    #[should_panic(expected = "factor")]
    fn another_name_is_noticed() {
        let wgsl = of("transport/rescale.wgsl", "Rescale");
        compare(&[("zero", "u32", 0), ("other", "u32", 4)], 8, &wgsl);
    }

    #[test]
    #[should_panic(expected = "bytes")]
    fn another_size_is_noticed() {
        let wgsl = (vec![("zero".to_owned(), ScalarKind::Uint)], 16);
        compare(&[("zero", "u32", 0)], 4, &wgsl);
    }
}
