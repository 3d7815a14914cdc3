//! What the targets share: the calls of tests/fuzz, made of libFuzzer's bytes.

#[path = "../../oracle.rs"]
pub mod oracle;
#[path = "../../source.rs"]
pub mod source;
#[path = "../../targets/mod.rs"]
pub mod targets;

use kantor::Context;
use oracle::Contexts;
use source::Source;
use std::sync::OnceLock;

/// Makes one call of one of the targets named, the first byte says which, and panics where it finds something.
pub fn run(names: &[&str], bytes: &[u8]) {
    static CONTEXTS: OnceLock<Contexts> = OnceLock::new();
    let contexts = CONTEXTS.get_or_init(|| {
        let device = std::env::var_os("KANTOR_FUZZ_DEVICE").is_some();
        let tested = if device { Context::new_blocking() } else { Ok(Context::cpu()) };
        Contexts { tested: tested.expect("Context::new has no way to fail"), twin: Context::cpu() }
    });
    let Some((first, bytes)) = bytes.split_first() else { return };
    let name = names[usize::from(*first) % names.len()];
    let (_, target) = targets::TARGETS.iter().find(|(known, _)| *known == name).expect("a target");
    if let Err(words) = target(contexts, &mut Source::new(bytes)) {
        panic!("{name}: {words}");
    }
}

/// A libFuzzer binary over some targets.
#[macro_export]
macro_rules! fuzz {
    ($($name:literal),*) => {
        libfuzzer_sys::fuzz_target!(|bytes: &[u8]| $crate::run(&[$($name),*], bytes));
    };
}
