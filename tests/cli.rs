//! The command line: known answers out, bad input refused in one line.
#![cfg(feature = "cli")]

#[path = "common/command.rs"]
mod command;

use command::{Folder, Outcome, kantor, npy, npy_header, refused};
use std::path::Path;
use std::process::{Command, Stdio};

/// Two bins, uniform, and the cost [[0, 1], [1, 0]].
fn two_by_two(folder: &Folder) -> Outcome<[String; 3]> {
    Ok([
        folder.array("a.npy", &[1, 2], &[1.0f32, 1.0])?,
        folder.array("b.npy", &[1, 2], &[1.0f32, 1.0])?,
        folder.array("c.npy", &[2, 2], &[0.0f32, 1.0, 1.0, 0.0])?,
    ])
}

fn transport(arguments: &[&str]) -> Outcome<serde_json::Value> {
    command::json(&[&["transport", "--adapter", "cpu"], arguments].concat())
}

fn number(value: &serde_json::Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

#[test]
fn two_by_two_has_its_known_answer() -> Outcome {
    let folder = Folder::new("known")?;
    let [a, b, c] = two_by_two(&folder)?;
    let answer =
        transport(&[&a, &b, "--cost", &c, "--epsilon", "1", "--precision", "double", "--json"])?;
    let problem = &answer["problems"][0];
    // Twice ½/(1 + e): the mass off the diagonal.
    assert!((number(&problem["transport_cost"]) - 0.268_941_421_369_995).abs() < 1e-12);
    assert!(number(&problem["marginal_error"]) <= 1e-10);
    assert_eq!(problem["converged"], true);
    assert!(answer["adapter"].as_str().is_some_and(|adapter| adapter.contains("CPU twin")));
    Ok(())
}

#[test]
fn the_json_has_the_promised_shape() -> Outcome {
    let folder = Folder::new("shape")?;
    let [a, b, c] = two_by_two(&folder)?;
    let run = ["transport", "--adapter", "cpu", &a, &b, "--cost", &c, "--epsilon", "1"];
    let compact = String::from_utf8(kantor(&[&run[..], &["--json"]].concat())?.stdout)?;
    assert_eq!(compact.lines().count(), 1);
    let keys = [
        "adapter",
        "normalized",
        "problems",
        "transport_cost",
        "regularized_cost",
        "entropy_cost",
        "mass",
        "marginal_error",
        "iterations",
        "converged",
        "stop",
    ];
    let places: Vec<Option<usize>> =
        keys.iter().map(|key| compact.find(&format!("\"{key}\":"))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{compact}");
    // 17 significant digits: one before the point, sixteen after it.
    let digits =
        compact.split("\"transport_cost\":").nth(1).and_then(|rest| rest.split('e').next());
    assert_eq!(digits.map(str::len), Some(18), "{compact}");

    let pretty = kantor(&run)?.stdout;
    let read = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes);
    assert_eq!(read(&pretty)?, read(compact.as_bytes())?);
    Ok(())
}

#[test]
fn every_layout_of_a_file_gives_the_same_answer() -> Outcome {
    let folder = Folder::new("layouts")?;
    let fortran = npyz::Order::Fortran;
    let target = folder.array("b.npy", &[2, 4], &[4.0f64, 3.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0])?;
    let files = [
        folder.array("f32.npy", &[2, 4], &[1.0f32, 2.0, 3.0, 4.0, 0.0, 1.0, 0.0, 1.0])?,
        folder.array("f64.npy", &[2, 4], &[1.0f64, 2.0, 3.0, 4.0, 0.0, 1.0, 0.0, 1.0])?,
        folder.array("u8.npy", &[2, 4], &[1u8, 2, 3, 4, 0, 1, 0, 1])?,
        folder.array("i64.npy", &[2, 4], &[1i64, 2, 3, 4, 0, 1, 0, 1])?,
        folder.array("u16.npy", &[2, 4], &[1u16, 2, 3, 4, 0, 1, 0, 1])?,
        folder.array("images.npy", &[2, 2, 2], &[1u8, 2, 3, 4, 0, 1, 0, 1])?,
        folder.file("columns.npy", npy(&[2, 4], fortran, &[1u8, 0, 2, 1, 3, 0, 4, 1])?)?,
        folder.file("planes.npy", npy(&[2, 2, 2], fortran, &[1u8, 0, 3, 0, 2, 1, 4, 1])?)?,
        folder.file("big.npy", big_endian(&[1.0, 2.0, 3.0, 4.0, 0.0, 1.0, 0.0, 1.0]))?,
    ];
    let mut answers = Vec::new();
    for file in &files {
        answers.push(transport(&[file, &target, "--grid", "2x2", "--epsilon", "1"])?);
    }
    assert_eq!(answers[0]["problems"].as_array().map(Vec::len), Some(2));
    for (file, answer) in files.iter().zip(&answers) {
        assert_eq!(answer, &answers[0], "{file}");
    }
    // A single axis is a single row.
    let one = folder.array("one.npy", &[4], &[1u8, 2, 3, 4])?;
    let answer = transport(&[&one, &one, "--grid", "2x2", "--epsilon", "1"])?;
    assert_eq!(answer["problems"].as_array().map(Vec::len), Some(1));
    Ok(())
}

#[test]
fn plans_are_written() -> Outcome {
    let folder = Folder::new("plans")?;
    let [a, b, c] = two_by_two(&folder)?;
    let read = |file: &str| -> Outcome<(Vec<u64>, Vec<f64>)> {
        let file = npyz::NpyFile::new(std::fs::File::open(file)?)?;
        Ok((file.shape().to_vec(), file.into_vec::<f64>()?))
    };
    let out = folder.path("out.npy");
    transport(&[&a, &b, "--cost", &c, "--epsilon", "1", "--precision", "double", "--plan", &out])?;
    let (shape, plan) = read(&out)?;
    let off = 0.5 / (1.0 + 1.0f64.exp());
    let known = [0.5 - off, off, off, 0.5 - off];
    assert_eq!(shape, [2, 2]);
    assert!(plan.iter().zip(known).all(|(found, known)| (found - known).abs() < 1e-12), "{plan:?}");

    let rows = folder.array("rows.npy", &[3, 2], &[0.5, 0.5, 0.9, 0.1, 0.3, 0.7])?;
    transport(&[&rows, &rows, "--cost", &c, "--epsilon", "1", "--plan", &out])?;
    let (shape, plans) = read(&out)?;
    assert_eq!(shape, [3, 2, 2]);
    for (row, plan) in [[0.5, 0.5], [0.9, 0.1], [0.3, 0.7]].iter().zip(plans.chunks(4)) {
        assert!(
            (plan[0] + plan[1] - row[0]).abs() < 1e-5 && (plan[1] + plan[3] - row[1]).abs() < 1e-5
        );
    }
    let nowhere = folder.path("nowhere/out.npy");
    refused(
        &["transport", &a, &b, "--cost", &c, "--epsilon", "1", "--plan", &nowhere],
        &["nowhere/out.npy"],
    )
}

#[test]
fn grids_have_spacings_and_exponents() -> Outcome {
    let folder = Folder::new("grids")?;
    let corner = |name: &str, shape: &[u64], at: usize| {
        let mut values = vec![0u8; shape.iter().product::<u64>() as usize];
        values[at] = 1;
        folder.array(name, shape, &values)
    };
    let cost = |run: &[&str]| -> Outcome<f64> {
        let answer = transport(&[run, &["--epsilon", "1", "--precision", "double"]].concat())?;
        Ok(number(&answer["problems"][0]["transport_cost"]))
    };
    // From one end of a row to the other, and between opposite corners of a volume.
    let (a, b) = (corner("a.npy", &[1, 3], 0)?, corner("b.npy", &[1, 3], 2)?);
    let line: [&str; 4] = [&a, &b, "--grid", "1x3"];
    assert_eq!(cost(&line)?, 1.0);
    assert_eq!(cost(&[&line[..], &["--spacing", "2", "--cost-exponent", "1"]].concat())?, 4.0);
    let shape = [1, 2, 1, 3];
    let (a, b) = (corner("first.npy", &shape, 0)?, corner("last.npy", &shape, 5)?);
    let volume: [&str; 4] = [&a, &b, "--grid", "2x1x3"];
    assert_eq!(cost(&volume)?, 2.0);
    assert_eq!(cost(&[&volume[..], &["--spacing", "1,1,3"]].concat())?, 37.0);

    let refuse = |more: &[&str], words: &[&str]| {
        refused(&[&["transport"], &volume[..], &["--epsilon", "1"], more].concat(), words)
    };
    refuse(&["--spacing", "1,2"], &["--spacing", "2 numbers for 3 axes"])?;
    refuse(&["--spacing", "1,0,1"], &["--spacing", "index 1"])?;
    refuse(&["--cost-exponent", "0.5"], &["--cost-exponent", "0.5"])?;
    let [a, b, c] = two_by_two(&folder)?;
    let matrix = ["transport", &a, &b, "--cost", &c, "--epsilon", "1"];
    refused(&[&matrix[..], &["--spacing", "1"]].concat(), &["--grid"])
}

fn big_endian(values: &[f32]) -> Vec<u8> {
    let mut bytes = npy_header("{'descr': '>f4', 'fortran_order': False, 'shape': (2, 4), }");
    bytes.extend(values.iter().flat_map(|value| value.to_be_bytes()));
    bytes
}

#[test]
fn one_cost_per_row() -> Outcome {
    let folder = Folder::new("costs")?;
    let a = folder.array("a.npy", &[2, 2], &[1u8, 1, 1, 1])?;
    let costs = [0.0f32, 1.0, 1.0, 0.0, 0.0, 2.0, 2.0, 0.0];
    let cost = folder.array("c.npy", &[2, 2, 2], &costs)?;
    let answer = transport(&[&a, &a, "--cost", &cost, "--epsilon", "1"])?;
    let first = number(&answer["problems"][0]["transport_cost"]);
    let second = number(&answer["problems"][1]["transport_cost"]);
    assert!((first - 0.268_941_421_369_995).abs() < 1e-6);
    assert!((second - 2.0 / (1.0 + 2.0f64.exp())).abs() < 1e-6);
    Ok(())
}

#[test]
fn not_converged_is_a_flag_and_an_exit_status() -> Outcome {
    let folder = Folder::new("unconverged")?;
    let a = folder.array("a.npy", &[2], &[0.9f64, 0.1])?;
    let b = folder.array("b.npy", &[2], &[0.2f64, 0.8])?;
    let cost = folder.array("c.npy", &[2, 2], &[0.0f64, 1.0, 1.0, 0.3])?;
    let run = [&a, &b, "--cost", &cost, "--epsilon", "0.01", "--max-iterations", "1"];
    let allowed = transport(&[&run[..], &["--allow-unconverged"]].concat())?;
    let problem = &allowed["problems"][0];
    assert_eq!(
        (&problem["converged"], &problem["stop"]),
        (&false.into(), &"max-iterations".into())
    );
    assert!(number(&problem["marginal_error"]) > 1e-5);

    let output = kantor(&[&["transport", "--adapter", "cpu"], &run[..]].concat())?;
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&output.stdout)?, allowed);
    let said = String::from_utf8(output.stderr)?;
    assert!(said.lines().count() == 1 && said.contains("not converge"), "{said}");

    // No plan that is none, unless it is asked for.
    let plan = folder.path("plan.npy");
    let run_with_plan = [&["transport", "--adapter", "cpu"], &run[..], &["--plan", &plan]].concat();
    assert_eq!(kantor(&run_with_plan)?.status.code(), Some(3));
    assert!(!Path::new(&plan).exists());
    kantor(&[&run_with_plan[..], &["--allow-unconverged"]].concat())?;
    assert!(Path::new(&plan).exists());

    let more = ["--max-iterations", "100000"];
    let settled = transport(&[&run[..run.len() - 2], &more].concat())?;
    assert_eq!(settled["problems"][0]["stop"], "converged");
    Ok(())
}

#[test]
fn broken_files_are_named_with_their_reason() -> Outcome {
    let folder = Folder::new("broken")?;
    let [a, b, c] = two_by_two(&folder)?;
    let whole = std::fs::read(&a)?;
    let nested = format!("{{'descr': {}, }}", "(".repeat(5000));
    let claim = |shape: &str| {
        npy_header(&format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"))
    };
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("truncated.npy", whole[..whole.len() - 3].to_vec(), "truncated"),
        ("headless.npy", whole[..20].to_vec(), "not a .npy file"),
        ("empty.npy", vec![], "not a .npy file"),
        ("text.npy", b"weights: 1, 2, 3\n".to_vec(), "not a .npy file"),
        ("garbled.npy", npy_header("{'descr': }"), "not a .npy file"),
        ("nested.npy", npy_header(&nested), "nested"),
        ("long.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec(), "4294967295"),
        ("version.npy", b"\x93NUMPY\x09\x00\x00\x00\x00\x00".to_vec(), "version"),
        ("absurd.npy", claim("(4611686018427387904, 2)"), "truncated"),
        ("huge.npy", claim("(1000000000, 2)"), "truncated"),
        ("overflow.npy", claim("(4294967296, 4294967296, 2)"), "truncated"),
        ("negative.npy", claim("(-1, 2)"), "negative"),
        ("none.npy", claim("(0, 2)"), "no elements"),
        ("scalar.npy", claim("()"), "axes"),
        (
            "record.npy",
            npy_header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }"),
            "record",
        ),
    ];
    for (name, bytes, reason) in cases {
        let file = folder.file(name, &bytes)?;
        let run = ["transport", "--adapter", "cpu", "--cost", &c, "--epsilon", "1"];
        refused(&[&run[..], &[&file, &b]].concat(), &[name, reason])?;
        refused(&[&run[..], &[&a, &file]].concat(), &[name, reason])?;
        refused(&["transport", &a, &b, "--cost", &file, "--epsilon", "1"], &[name, reason])?;
    }
    let complex = "{'descr': '<c8', 'fortran_order': False, 'shape': (1, 2), }";
    let complex = folder.file("complex.npy", npy_header(complex))?;
    let missing = folder.path("missing.npy");
    refused(&["transport", &complex, &b, "--cost", &c, "--epsilon", "1"], &["complex.npy", "<c8"])?;
    refused(&["transport", &missing, &b, "--cost", &c, "--epsilon", "1"], &["missing.npy"])?;
    refused(&["transport", &folder.path(""), &b, "--cost", &c, "--epsilon", "1"], &["broken"])
}

#[test]
fn bad_weights_and_shapes_are_named() -> Outcome {
    let folder = Folder::new("weights")?;
    let [a, b, c] = two_by_two(&folder)?;
    let array = |name: &str, shape: &[u64], values: &[f32]| folder.array(name, shape, values);
    let cases = [
        (array("negative.npy", &[1, 2], &[1.0, -1.0])?, "index 1"),
        (array("nan.npy", &[1, 2], &[f32::NAN, 1.0])?, "NaN"),
        (array("infinite.npy", &[1, 2], &[f32::INFINITY, 1.0])?, "inf"),
        (array("wide.npy", &[1, 3], &[1.0; 3])?, "3 bins"),
    ];
    for (file, reason) in &cases {
        let name = Path::new(file).file_name().and_then(|name| name.to_str()).unwrap_or_default();
        refused(&["transport", &a, file, "--cost", &c, "--epsilon", "1"], &[name, reason])?;
        refused(&["transport", file, &b, "--cost", &c, "--epsilon", "1"], &[name, reason])?;
    }
    // One row is that of all; two are not three.
    let [two, three] =
        [array("two.npy", &[2, 2], &[1.0; 4])?, array("three.npy", &[3, 2], &[1.0; 6])?];
    refused(
        &["transport", &two, &three, "--cost", &c, "--epsilon", "1"],
        &["three.npy", "3 rows"],
    )?;
    let costs = [
        (array("cost_nan.npy", &[2, 2], &[0.0, f32::NAN, 1.0, 0.0])?, "not finite"),
        (array("cost_line.npy", &[4], &[0.0; 4])?, "[n, m]"),
    ];
    for (file, reason) in &costs {
        refused(&["transport", &a, &b, "--cost", file, "--epsilon", "1"], &[reason])?;
    }
    let batch = array("cost_batch.npy", &[3, 2, 2], &[0.0; 12])?;
    let run = ["transport", &two, &b, "--cost", &batch, "--epsilon", "1"];
    refused(&run, &["two.npy", "3 cost matrices"])?;
    refused(&["transport", &a, &b, "--grid", "3x3", "--epsilon", "1"], &["a.npy", "9"])
}

#[test]
fn bad_arguments_are_named() -> Outcome {
    let folder = Folder::new("arguments")?;
    let [a, b, c] = two_by_two(&folder)?;
    let run = |more: &[&'static str], words: &[&str]| {
        refused(&[&["transport", "--adapter", "cpu", &a, &b, "--cost", &c], more].concat(), words)
    };
    for epsilon in ["0", "-1", "nan", "inf", "1e400", "much", ""] {
        run(&["--epsilon", epsilon], &["--epsilon"])?;
    }
    run(&["--epsilon", "1e-300"], &["--epsilon"])?;
    run(&["--epsilon", "1", "--tolerance", "1e-16"], &["--tolerance"])?;
    run(&["--epsilon", "1", "--tolerance", "nan"], &["--tolerance"])?;
    run(&["--epsilon", "1", "--tolerance", "-1"], &["--tolerance"])?;
    run(&["--epsilon", "1", "--max-iterations", "0"], &["--max-iterations"])?;
    run(&["--epsilon", "1", "--max-iterations", "-3"], &["--max-iterations"])?;
    run(&["--epsilon", "1", "--precision", "half"], &["--precision"])?;
    run(&["--epsilon", "1", "--grid", "2x1"], &["--grid", "--cost"])?;
    run(&[], &["--epsilon"])?;
    for grid in
        ["3", "2x2x2x2", "1x2x", "0x4", "axb", "4x", "99999999999999999999x2", "100000x100000"]
    {
        refused(&["transport", &a, &b, "--grid", grid, "--epsilon", "1"], &["--grid"])?;
    }
    refused(&["transport", &a, &b, "--epsilon", "1"], &["--cost", "--grid"])?;
    let none = ["--adapter", "no such adapter"];
    let run = ["transport", &a, &b, "--cost", &c, "--epsilon", "1"];
    refused(&[&run[..], &none].concat(), &["no such adapter"])?;
    refused(&["check", "--adapter", "cpu", "--kernel", "no such kernel"], &["--kernel"])?;
    refused(&["bench", "--workload", "T0"], &["--workload"])?;
    refused(&["fly"], &["fly"])?;
    refused(&[], &["subcommand"])
}

#[test]
fn the_twin_is_listed_and_checked() -> Outcome {
    let adapters = kantor(&["adapters", "--json"])?;
    assert!(adapters.status.success());
    let adapters: serde_json::Value = serde_json::from_slice(&adapters.stdout)?;
    let listed = adapters["adapters"].as_array().map(Vec::as_slice).unwrap_or_default();
    assert!(listed.iter().any(|adapter| adapter["backend"] == "cpu"), "{adapters}");

    let check = kantor(&["check", "--adapter", "cpu", "--json"])?;
    let report: serde_json::Value = serde_json::from_slice(&check.stdout)?;
    assert_eq!(report["passed"], true, "{report}");
    assert!(check.status.success());
    Ok(())
}

/// `kantor … | head -1` ends quietly.
#[test]
fn a_closed_pipe_is_no_panic() -> Outcome {
    for arguments in
        [&["--help"][..], &["transport", "--help"], &["adapters"], &["adapters", "--json"]]
    {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kantor"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        drop(child.stdout.take());
        let output = child.wait_with_output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {:?} {errors}", output.status);
        assert!(!errors.contains("kantor"), "{arguments:?}: {errors}");
    }
    Ok(())
}
