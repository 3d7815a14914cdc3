//! The commands `bessel` and `vmf`: known answers out, bad input refused in one line.
#![cfg(feature = "cli")]

#[path = "common/command.rs"]
mod command;

use command::{Folder, Outcome};
use std::path::Path;

fn json(arguments: &[&str]) -> Outcome<serde_json::Value> {
    command::json(&[arguments, &["--adapter", "cpu"]].concat())
}

fn refused(arguments: &[&str], words: &[&str]) -> Outcome {
    command::refused(&[arguments, &["--adapter", "cpu"]].concat(), words)
}

/// The header of an output file, and its rows.
type Table = (String, Vec<[f64; 3]>);

fn rows(path: &str) -> Outcome<Table> {
    let text = std::fs::read_to_string(path)?;
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default().to_owned();
    let row = |line: &str| -> Outcome<[f64; 3]> {
        let numbers: Vec<f64> = line.split(',').map(str::parse).collect::<Result<_, _>>()?;
        Ok(numbers.try_into().map_err(|_| format!("{line} has not three fields"))?)
    };
    Ok((header, lines.map(row).collect::<Result<_, _>>()?))
}

fn number(value: &serde_json::Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

#[test]
fn points_have_their_known_answers() -> Outcome {
    let folder = Folder::new("bessel/known")?;
    let points = folder.file("points.csv", "v,x\n1023,850\n0.5,2\n0,0\n3,0\n")?;
    let output = folder.path("out.csv");
    let report = json(&["bessel", &points, "--function", "log-i", "--output", &output])?;
    assert_eq!(report["function"], "log-i");
    assert_eq!(report["precision"], "double");
    assert_eq!(report["points"], 4);
    assert!(report["adapter"].as_str().is_some_and(|adapter| adapter.contains("CPU twin")));
    let (header, found) = rows(&output)?;
    assert_eq!(header, "v,x,value");
    assert_eq!(found.len(), 4);
    let closed = 0.5 * (1.0 / std::f64::consts::PI).ln() + 2f64.sinh().ln();
    for (found, [v, x, value]) in
        found.iter().zip([[1023.0, 850.0, 283.883_118_801_831_2], [0.5, 2.0, closed]])
    {
        assert_eq!(found[..2], [v, x]);
        assert!((found[2] - value).abs() < 1e-11, "{found:?}, not {value}");
    }
    assert_eq!(found[2..], [[0.0, 0.0, 0.0], [3.0, 0.0, f64::NEG_INFINITY]]);

    // 17 significant digits; infinities as words.
    let text = std::fs::read_to_string(&output)?;
    let mantissa = text.lines().nth(1).and_then(|line| line.rsplit(',').next()).unwrap_or_default();
    assert_eq!(mantissa.split('e').next().map(str::len), Some(18), "{mantissa}");
    assert!(text.ends_with(",-inf\n"), "{text}");
    json(&["bessel", &points, "--function", "log-k", "--output", &output])?;
    assert!(std::fs::read_to_string(&output)?.ends_with(",inf\n"));
    Ok(())
}

#[test]
fn every_function_and_precision_is_there() -> Outcome {
    let folder = Folder::new("bessel/functions")?;
    let points = folder.file("points.csv", "v,x\n2.5,3\n100,0.1\n")?;
    let output = folder.path("out.csv");
    for function in kantor::BesselFunction::ALL {
        for precision in ["single", "double"] {
            let name = function.name();
            let run = ["bessel", &points, "--function", name, "--precision", precision];
            let report = json(&[&run[..], &["--output", &output, "--json"]].concat())?;
            assert_eq!(report["precision"], precision);
            for [v, x, value] in rows(&output)?.1 {
                // 0.1 is another number in f32.
                let exact = function.reference(v, x);
                let off = (value / exact - 1.0).abs();
                assert!(off < if precision == "single" { 2e-6 } else { 1e-12 }, "{name}: {value}");
            }
        }
    }
    Ok(())
}

#[test]
fn every_layout_of_a_file_gives_the_same_answer() -> Outcome {
    let folder = Folder::new("bessel/layouts")?;
    let output = folder.path("out.csv");
    let mut answers = Vec::new();
    for (name, text) in [
        ("plain.csv", "v,x\n1,2\n3,4e0\n"),
        ("columns.csv", "name,x,other,v\na,2,,1\n\"b, c\",4,9,3\n"),
        ("spaces.csv", " v , x\n 1,\t2\n3 , 4 \n"),
        ("windows.csv", "v,x\r\n1,2\r\n3,4\r\n"),
        ("unended.csv", "v,x\n1,2\n3,4"),
        ("blank.csv", "v,x\n\n1,2\n\n3,+4.0\n\n"),
        ("quoted.csv", "\"v\",\"x\"\n\"1\",\"2\"\n3,4\n"),
        ("marked.csv", "\u{feff}v,x\n1,2\n3,4\n"),
    ] {
        let points = folder.file(name, text)?;
        json(&["bessel", &points, "--function", "log-k", "--output", &output])?;
        answers.push((name, std::fs::read_to_string(&output)?));
    }
    for (name, answer) in &answers {
        assert_eq!(answer, &answers[0].1, "{name}");
    }
    Ok(())
}

#[test]
fn broken_points_are_named_with_line_and_reason() -> Outcome {
    let folder = Folder::new("bessel/broken")?;
    let output = folder.path("none.csv");
    let long = format!("v,x\n1,2\n{}", "7".repeat(100_000));
    for (name, text, words) in [
        ("empty.csv", "", ["is empty", "v and x"]),
        ("blank.csv", "\n\n\n", ["is empty", "v and x"]),
        ("bare.csv", "1,2\n3,4\n", ["line 1", "no column v"]),
        ("columns.csv", "v,y\n1,2\n", ["line 1", "no column x"]),
        ("capital.csv", "V,X\n1,2\n", ["line 1", "no column v"]),
        ("twice.csv", "v,x,v\n1,2,3\n", ["line 1", "column v twice"]),
        ("pointless.csv", "v,x\n", ["header", "no points"]),
        ("ragged.csv", "v,x\n1,2\n1,2,3\n", ["line 3", "fields is 3"]),
        ("short.csv", "v,x\n1,2\n\n5\n", ["line 4", "fields is 1"]),
        ("text.csv", "v,x\n1,2\n1,two\n", ["line 3", "\"two\", not a number"]),
        ("comma.csv", "v,x\n1;2\n", ["line 2", "fields is 1"]),
        ("windows.csv", "v,x\r\n1,2\r\n\r\n\r\nx,2\r\n", ["line 5", "\"x\", not a number"]),
        ("late.csv", "\n\nv,y\n", ["line 3", "no column x"]),
        ("missing.csv", "v,x\n1,\n", ["line 2", "x is missing"]),
        ("nan.csv", "v,x\n1,2\nNaN,2\n", ["line 3", "v is NaN"]),
        ("infinite.csv", "v,x\n1,2\n2,inf\n", ["line 3", "x is inf"]),
        ("large.csv", "v,x\n1,2\n2,1e400\n", ["line 3", "x is inf"]),
        ("negative.csv", "v,x\n1,2\n\n1,-2\n", ["line 4", "-2"]),
        ("order.csv", "v,x\n-1,2\n", ["line 2", "v >= 0"]),
        ("beyond.csv", "v,x\n1,2\n1e7,2\n", ["line 3", "10000000"]),
        ("tiny.csv", "v,x\n1,1e-40\n", ["line 2", "1e-30"]),
        ("long.csv", long.as_str(), ["line 3", "longer"]),
    ] {
        let points = folder.file(name, text)?;
        let run = ["bessel", &points, "--function", "log-i", "--output", &output];
        refused(&run, &[name, words[0], words[1]])?;
    }
    let binary = folder.file("binary.csv", b"v,x\n1,\xff\xfe\0\n")?;
    let run = |points: &str, words: &[&str]| {
        refused(&["bessel", points, "--function", "log-i", "--output", &output], words)
    };
    run(&binary, &["binary.csv", "line 2", "not a number"])?;
    run(&folder.path("absent.csv"), &["absent.csv"])?;
    run(&folder.path(""), &["broken"])?;
    assert!(!Path::new(&output).exists(), "a refused run leaves no file");

    let good = folder.file("good.csv", "v,x\n1,2\n")?;
    let to = |output: &str, words: &[&str]| {
        refused(&["bessel", &good, "--function", "log-i", "--output", output], words)
    };
    to(&folder.path(""), &["broken"])?;
    to(&folder.path("no such folder/out.csv"), &["no such folder"])?;
    if Path::new("/dev/full").exists() {
        to("/dev/full", &["/dev/full"])?;
    }
    Ok(())
}

#[test]
fn bad_arguments_are_named() -> Outcome {
    let folder = Folder::new("bessel/arguments")?;
    let points = folder.file("points.csv", "v,x\n1,2\n")?;
    let output = folder.path("out.csv");
    let run = ["bessel", &points, "--output", &output];
    refused(&run, &["--function"])?;
    refused(&["bessel", &points, "--function", "log-i"], &["--output"])?;
    refused(&[&run[..], &["--function", "log-j"]].concat(), &["log-j"])?;
    refused(&[&run[..], &["--function", "log-i", "--precision", "half"]].concat(), &["half"])?;
    let rows = folder.array("rows.npy", &[2, 2], &[1.0, 0.0, 0.0, 1.0])?;
    for components in ["0", "3", "-1", "many"] {
        refused(&["vmf", &rows, "--components", components], &["--components"])?;
    }
    refused(&["vmf", &rows, "--components", "2", "--max-iterations", "0"], &["--max-iterations"])
}

#[test]
fn a_fit_has_its_known_answer() -> Outcome {
    let folder = Folder::new("bessel/fit")?;
    // Two unit vectors at 60 degrees: R̄ = cos 30°, and A_3(κ) = coth κ − 1/κ.
    let root = 0.75f32.sqrt();
    let rows = folder.array("rows.npy", &[2, 3], &[1.0, 0.0, 0.0, 0.5, root, 0.0])?;
    let fit = json(&["vmf", &rows])?;
    assert_eq!([&fit["n"], &fit["dimension"]], [2, 3]);
    let (kappa, length) = (number(&fit["concentration"]), number(&fit["mean_resultant_length"]));
    assert!((length - 0.75f64.sqrt()).abs() < 1e-7, "{fit}");
    assert!((1.0 / kappa.tanh() - 1.0 / kappa - length).abs() < 1e-12, "{fit}");
    let log_c = kappa.ln() - (4.0 * std::f64::consts::PI).ln() - kappa.sinh().ln();
    let likelihood = 2.0 * (log_c + kappa * length);
    assert!((number(&fit["log_likelihood"]) - likelihood).abs() < 1e-8, "{fit}");

    // All rows have one direction, whatever their lengths.
    let point = folder.array("point.npy", &[3, 2], &[1.0, 1.0, 2.0, 2.0, 5.0, 5.0])?;
    let fit = json(&["vmf", &point, "--json"])?;
    assert_eq!([&fit["concentration"], &fit["log_likelihood"]], ["inf", "inf"], "{fit}");
    // Rows that cancel.
    let none = folder.array("none.npy", &[2, 2], &[1.0, 0.0, -1.0, 0.0])?;
    let fit = json(&["vmf", &none])?;
    assert_eq!(number(&fit["concentration"]), 0.0, "{fit}");
    Ok(())
}

#[test]
fn a_mixture_finds_its_two_bundles() -> Outcome {
    let folder = Folder::new("bessel/mixture")?;
    let bundle = |k: usize| {
        let (angle, turn) = (0.3 * (k % 10) as f32 / 10.0, if k < 30 { 0.0 } else { 2.5 });
        [(angle + turn).cos(), (angle + turn).sin()]
    };
    let values: Vec<f32> = (0..40).flat_map(bundle).collect();
    let rows = folder.array("rows.npy", &[40, 2], &values)?;
    for hard in [&[][..], &["--hard"]] {
        let run = ["vmf", &rows, "--components", "2", "--seed", "3"];
        let fit = json(&[&run[..], hard].concat())?;
        assert_eq!(fit["converged"], true, "{fit}");
        assert!(fit["iterations"].as_u64().is_some_and(|n| n > 0), "{fit}");
        let components = fit["components"].as_array().cloned().unwrap_or_default();
        let mut weights: Vec<f64> = components.iter().map(|c| number(&c["weight"])).collect();
        weights.sort_by(f64::total_cmp);
        assert_eq!(weights.len(), 2, "{fit}");
        assert!((weights[0] - 0.25).abs() < 1e-6, "{fit}");
        assert!(components.iter().all(|c| number(&c["concentration"]) > 50.0), "{fit}");
        assert!(number(&fit["log_likelihood"]).is_finite(), "{fit}");
    }
    let run = ["vmf", &rows, "--components", "2", "--max-iterations", "1"];
    assert_eq!(json(&run)?["iterations"], 1);
    Ok(())
}

#[test]
fn broken_features_are_named() -> Outcome {
    let folder = Folder::new("bessel/features")?;
    for (name, shape, values, word) in [
        ("zero.npy", &[2, 2][..], &[1.0, 0.0, 0.0, 0.0][..], "row 1"),
        ("nan.npy", &[2, 2], &[1.0, 0.0, 0.0, f32::NAN], "row 1, index 1"),
        ("thin.npy", &[4, 1], &[1.0, 2.0, 3.0, 4.0], "dimension"),
        ("flat.npy", &[4], &[1.0, 2.0, 3.0, 4.0], "one axis"),
    ] {
        let features = folder.array(name, shape, values)?;
        refused(&["vmf", &features], &[name, word])?;
        refused(&["vmf", &features, "--components", "2"], &[name, word])?;
    }
    let text = folder.file("text.npy", "1, 2, 3")?;
    refused(&["vmf", &text], &["text.npy", "not a .npy file"])?;
    refused(&["vmf", &folder.path("absent.npy")], &["absent.npy"])
}
