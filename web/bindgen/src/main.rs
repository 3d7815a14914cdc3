//! `kantor-bindgen MODULE.wasm OUT_DIR`: what `wasm-bindgen --target web` does, without the tool's other
//! hundred crates, and with every call into the module guarded.

use std::{env, fs, path::Path, process::ExitCode};
use wasm_bindgen_cli_support::Bindgen;

/// Where the bindings take the module's functions, and what they take instead: every call into the module then passes
/// `trap.js`, which sees when it stops.
const EXPORTS: &str = "wasm = instance.exports;";
const GUARDED: &str = "wasm = guarded(instance.exports);";
const IMPORT: &str = "import { guarded } from './trap.js';\n";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [module, out_dir] = arguments.as_slice() else {
        eprintln!("usage: kantor-bindgen MODULE.wasm OUT_DIR");
        return ExitCode::from(2);
    };
    // The library's default is to leave `init()` without a path to the module; the tool's is not.
    let generated = Bindgen::new()
        .input_path(module)
        .omit_default_module_path(false)
        // Names of functions are a quarter of the module, and a stack trace is all that shows them.
        .remove_name_section(true)
        .remove_producers_section(true)
        .web(true)
        .and_then(|bindgen| bindgen.typescript(true).generate(out_dir));
    let guarded = generated
        .map_err(|error| format!("{module}: {error:#}"))
        .and_then(|()| guard(&Path::new(out_dir).join(bindings_of(module))));
    match guarded {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn bindings_of(module: &str) -> String {
    let name = Path::new(module).file_stem().unwrap_or_default().to_string_lossy();
    format!("{name}.js")
}

fn guard(bindings: &Path) -> Result<(), String> {
    let at = |error: &dyn std::fmt::Display| format!("{}: {error}", bindings.display());
    let text = fs::read_to_string(bindings).map_err(|error| at(&error))?;
    match text.matches(EXPORTS).count() {
        1 => fs::write(bindings, IMPORT.to_owned() + &text.replace(EXPORTS, GUARDED)),
        count => return Err(at(&format_args!("{count} places say {EXPORTS:?}, one is needed"))),
    }
    .map_err(|error| at(&error))
}
