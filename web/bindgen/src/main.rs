//! `kantor-bindgen MODULE.wasm OUT_DIR`: what `wasm-bindgen --target web` does, without the tool's other hundred crates.

use std::{env, process::ExitCode};
use wasm_bindgen_cli_support::Bindgen;

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
    match generated {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{module}: {error:#}");
            ExitCode::FAILURE
        }
    }
}
