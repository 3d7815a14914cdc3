//! The command `divergence`: known answers out, bad input refused in one line.
#![cfg(feature = "cli")]

#[path = "common/command.rs"]
mod command;

use command::{Folder, Outcome, kantor, npy_header};
use std::path::Path;

/// (9, 12, 4) and thirds.
fn pair(folder: &Folder) -> Outcome<[String; 2]> {
    let p = folder.array("p.npy", &[1, 3], &[9.0f32, 12.0, 4.0])?;
    Ok([p, folder.array("q.npy", &[3], &[1.0f32, 1.0, 1.0])?])
}

fn json(arguments: &[&str]) -> Outcome<serde_json::Value> {
    command::json(&[&["divergence"], arguments, &["--adapter", "cpu"]].concat())
}

fn refused(arguments: &[&str], words: &[&str]) -> Outcome {
    command::refused(&[&["divergence"], arguments, &["--adapter", "cpu"]].concat(), words)
}

/// The values of one row each.
fn values(report: &serde_json::Value) -> Vec<f64> {
    let number = |value: &serde_json::Value| match value.as_str() {
        Some("inf") => f64::INFINITY,
        _ => value.as_f64().unwrap_or(f64::NAN),
    };
    report["values"]
        .as_array()
        .map(|values| values.iter().map(number).collect())
        .unwrap_or_default()
}

fn close(found: &[f64], exact: &[f64], share: f64) {
    assert_eq!(found.len(), exact.len(), "{found:?}");
    for (found, exact) in found.iter().zip(exact) {
        let off = (found - exact).abs();
        assert!(found == exact || off <= share * exact.abs(), "{found}, not {exact}");
    }
}

#[test]
fn every_kind_has_its_known_answer() -> Outcome {
    let [p, q] = pair(&Folder::new("divergence/known")?)?;
    for (kind, alpha, exact) in [
        ("kl", None, 0.085_299_601_318_370_57),
        ("reverse-kl", None, 0.097_455_006_785_387_62),
        ("jeffreys", None, 0.182_754_608_103_758_2),
        ("js", None, 0.022_459_860_429_714_59),
        ("js", Some("1"), 0.0),
        ("skew-kl", Some("0"), 0.085_299_601_318_370_57),
        ("softened-reverse-kl", None, 0.052_535_285_925_958_44),
        ("bhattacharyya", None, 0.022_910_176_155_072_51),
        ("total-variation", None, 13.0 / 75.0),
        ("pearson-chi2", None, 0.156_8),
        ("neyman-chi2", None, 19.0 / 81.0),
        ("renyi", None, 0.145_657_572_422_363_19),
        ("renyi", Some("inf"), (36f64 / 25.0).ln()),
        ("renyi", Some("1"), 0.085_299_601_318_370_57),
        ("tsallis", Some("2"), 0.156_8),
        ("amari", Some("-1"), 0.085_299_601_318_370_57),
        ("cauchy-schwarz", None, 0.145_657_572_422_363_19),
        ("cross-entropy", None, 3f64.ln()),
    ] {
        let mut run = vec![p.as_str(), &q, "--kind", kind, "--json"];
        run.extend(alpha.into_iter().flat_map(|alpha| ["--alpha", alpha]));
        let report = json(&run)?;
        assert_eq!(
            [&report["kind"], &report["unit"], &report["precision"]],
            [kind, "nats", "double"]
        );
        close(&values(&report), &[exact], 1e-13);
    }
    for kind in kantor::Divergence::ALL {
        assert_eq!(values(&json(&[&p, &q, "--kind", kind.name()])?).len(), 1);
    }
    let shannon = 3f64.ln() - 0.085_299_601_318_370_57;
    close(&values(&json(&[&p, "--kind", "entropy"])?), &[shannon], 1e-13);
    let renyi = -(241f64 / 625.0).ln();
    close(&values(&json(&[&p, "--kind", "entropy", "--alpha", "2"])?), &[renyi], 1e-13);
    let bits = values(&json(&[&p, &q, "--kind", "kl", "--unit", "bits"])?);
    close(&bits, &[0.085_299_601_318_370_57 / 2f64.ln()], 1e-13);
    Ok(())
}

#[test]
fn numbers_have_17_digits_and_infinities_a_word() -> Outcome {
    let folder = Folder::new("divergence/digits")?;
    let p = folder.array("p.npy", &[2, 2], &[1.0f32, 1.0, 1.0, 3.0])?;
    let q = folder.array("q.npy", &[2, 2], &[1.0f32, 0.0, 1.0, 1.0])?;
    let run = ["divergence", &p, &q, "--kind", "kl", "--json", "--adapter", "cpu"];
    let text = String::from_utf8(kantor(&run)?.stdout)?;
    assert!(text.contains("\"adapter\":\""), "{text}");
    let list = text.split("\"values\":[").nth(1).unwrap_or_default();
    let (first, second) = list.split_once(',').unwrap_or_default();
    assert_eq!(first, "\"inf\"", "{text}");
    assert_eq!(second.split('e').next().map(str::len), Some(18), "{text}");
    Ok(())
}

#[test]
fn logits_and_logarithms_are_distributions() -> Outcome {
    let folder = Folder::new("divergence/logits")?;
    let a = folder.array("a.npy", &[3], &[100.0f32, 0.0, -100.0])?;
    let b = folder.array("b.npy", &[3], &[0.0f32; 3])?;
    let of = |kind: &str| -> Outcome<Vec<f64>> {
        Ok(values(&json(&[&a, &b, "--kind", kind, "--from", "logits"])?))
    };
    close(&of("kl")?, &[1.098_612_288_668_109_7], 1e-13);
    close(&of("reverse-kl")?, &[98.901_387_711_331_89], 1e-13);
    close(&of("js")?, &[0.318_257_084_147_406_4], 1e-13);

    let [p, q] = pair(&folder)?;
    let logs = |name: &str, values: [f64; 3]| folder.array(name, &[1, 3], &values.map(f64::ln));
    let log_p = logs("log_p.npy", [0.36, 0.48, 0.16])?;
    let log_q = logs("log_q.npy", [1.0 / 3.0; 3])?;
    let kl = values(&json(&[&p, &q, "--kind", "kl"])?);
    for from in [&["log-probabilities"][..], &["logits", "--temperature", "1"]] {
        let run = [&[log_p.as_str(), &log_q, "--kind", "kl", "--from"], from].concat();
        close(&values(&json(&run)?), &kl, 1e-13);
    }
    // Twice the logits at twice the temperature.
    let twice = |name: &str, x: [f64; 3]| folder.array(name, &[3], &x.map(|x| 2.0 * x.ln()));
    let (p, q) = (twice("twice_p.npy", [9.0, 12.0, 4.0])?, twice("twice_q.npy", [1.0; 3])?);
    let run = [&p, &q, "--kind", "kl", "--from", "logits", "--temperature", "2"];
    close(&values(&json(&run)?), &kl, 1e-13);
    Ok(())
}

#[test]
fn one_row_is_compared_with_all_and_pairs_with_each_other() -> Outcome {
    let folder = Folder::new("divergence/rows")?;
    let p = folder.array("p.npy", &[2, 3], &[9.0f64, 12.0, 4.0, 1.0, 2.0, 1.0])?;
    let q = folder.array("q.npy", &[1, 3], &[1u8, 1, 1])?;
    let [first, second] = [0.085_299_601_318_370_57, 1.5 * 0.75f64.ln() + 1.5f64.ln() * 1.0];
    let _ = second;
    let of_second = 3f64.ln() - 1.5 * 2f64.ln();
    for files in [[&p, &q], [&q, &p]] {
        let kind = if files[0] == &p { "kl" } else { "reverse-kl" };
        close(&values(&json(&[files[0], files[1], "--kind", kind])?), &[first, of_second], 1e-13);
    }
    let all = json(&[&p, &q, "--kind", "kl", "--pairwise"])?;
    let row = |report: &serde_json::Value, k: usize| {
        values(&serde_json::json!({ "values": report["values"][k] }))
    };
    close(&row(&all, 0), &[first], 1e-13);
    close(&row(&all, 1), &[of_second], 1e-13);
    let among = json(&[&p, "--kind", "js", "--pairwise"])?;
    let (zero, one) = (row(&among, 0), row(&among, 1));
    assert_eq!([zero[0], one[1]], [0.0; 2], "{among}");
    assert_eq!(zero[1], one[0], "{among}");
    assert!(zero[1] > 0.0, "{among}");
    Ok(())
}

#[test]
fn gradients_are_those_of_ps_own_numbers() -> Outcome {
    let folder = Folder::new("divergence/gradient")?;
    let output = folder.path("out.npy");
    let read = || -> Outcome<(Vec<u64>, Vec<f32>)> {
        let file = npyz::NpyFile::new(std::fs::File::open(&output)?)?;
        Ok((file.shape().to_vec(), file.into_vec()?))
    };
    // KL of a softmax from uniform: p_i (ln p_i − Σ p ln p)/T.
    let logits = [0.5f64, -1.0, 2.0, 0.0];
    let p = folder.array("p.npy", &[1, 4], &logits)?;
    let q = folder.array("q.npy", &[4], &[0.0f32; 4])?;
    let (run, temperature) =
        (["--from", "logits", "--temperature", "2", "--gradient", &output], 2.0);
    json(&[&[p.as_str(), &q, "--kind", "kl"], &run[..]].concat())?;
    let total: f64 = logits.iter().map(|a| (a / temperature).exp()).sum();
    let p_of = logits.map(|a| (a / temperature).exp() / total);
    let mean: f64 = p_of.iter().map(|p| p * p.ln()).sum();
    let exact = p_of.map(|p| p * (p.ln() - mean) / temperature);
    let (shape, found) = read()?;
    assert_eq!(shape, [1, 4]);
    let wide = |values: Vec<f32>| values.into_iter().map(f64::from).collect::<Vec<f64>>();
    close(&wide(found), &exact, 1e-6);
    // Entropy falls where KL from uniform rises.
    json(&[&[p.as_str(), "--kind", "entropy"], &run[..]].concat())?;
    close(&wide(read()?.1), &exact.map(|x| -x), 1e-6);
    // Two rows of weights: that of Σ w ∂D/∂w is 0.
    let weights = folder.array("weights.npy", &[2, 3], &[9.0f32, 12.0, 4.0, 1.0, 2.0, 1.0])?;
    let thirds = folder.array("thirds.npy", &[3], &[1.0f32; 3])?;
    json(&[&weights, &thirds, "--kind", "js", "--gradient", &output])?;
    let (shape, found) = read()?;
    assert_eq!(shape, [2, 3]);
    let flow: f32 = found.iter().zip([9.0, 12.0, 4.0]).map(|(g, w)| g * w).sum();
    assert!(found[1] > 0.0 && flow.abs() < 1e-6, "{found:?}");
    Ok(())
}

#[test]
fn broken_files_are_named() -> Outcome {
    let folder = Folder::new("divergence/broken")?;
    let [p, q] = pair(&folder)?;
    let kl = |p: &str, q: &str, words: &[&str]| refused(&[p, q, "--kind", "kl"], words);
    kl(&folder.path("absent.npy"), &q, &["absent.npy"])?;
    kl(&p, &folder.path("absent.npy"), &["absent.npy"])?;
    let text = folder.file("text.npy", "1, 2, 3")?;
    kl(&text, &q, &["text.npy", "not a .npy file"])?;
    let complex = "{'descr': '<c8', 'fortran_order': False, 'shape': (3,), }";
    let complex = folder.file("complex.npy", npy_header(complex))?;
    kl(&p, &complex, &["complex.npy", "dtype", "<c8"])?;
    let cube = folder.array("cube.npy", &[1, 1, 3], &[1.0f32; 3])?;
    kl(&cube, &q, &["cube.npy", "[1, 1, 3]", "3 axes"])?;
    let wide = folder.array("wide.npy", &[1, 4], &[1.0f32; 4])?;
    kl(&p, &wide, &["wide.npy", "4 bins, p has 3"])?;
    let rows = folder.array("rows.npy", &[2, 3], &[1.0f32; 6])?;
    let more = folder.array("more.npy", &[3, 3], &[1.0f32; 9])?;
    kl(&rows, &more, &["more.npy", "3 rows, p has 2"])?;
    for (name, values, word) in [
        ("negative.npy", [1.0f32, 1.0, 1.0, 2.0, 1.0, -0.5], "row 1, index 2"),
        ("nan.npy", [1.0, 1.0, 1.0, 1.0, f32::NAN, 1.0], "row 1, index 1"),
        ("infinite.npy", [f32::INFINITY, 1.0, 1.0, 1.0, 1.0, 1.0], "row 0, index 0"),
        ("empty.npy", [1.0, 1.0, 1.0, 0.0, 0.0, 0.0], "row 1"),
    ] {
        let file = folder.array(name, &[2, 3], &values)?;
        kl(&file, &q, &[name, word])?;
        kl(&q, &file, &[name, word])?;
        refused(&[&file, "--kind", "entropy"], &[name, word])?;
    }
    let logs =
        folder.array("logs.npy", &[2, 3], &[-1.0986f32, -1.0986, -1.0986, -1.0, -2.0, -3.0])?;
    refused(&[&logs, "--kind", "entropy", "--from", "log-probabilities"], &["logs.npy", "row 1"])
}

#[test]
fn bad_arguments_are_named() -> Outcome {
    let folder = Folder::new("divergence/arguments")?;
    let [p, q] = pair(&folder)?;
    let with = |rest: &[&str], words: &[&str]| refused(&[&[p.as_str(), &q], rest].concat(), words);
    with(&[], &["--kind"])?;
    with(&["--kind", "hamming"], &["hamming", "kl", "softened-reverse-kl", "entropy"])?;
    for (kind, alphas) in [
        ("js", &["-0.1", "1.1", "nan"][..]),
        ("skew-kl", &["-0.1", "1.1"]),
        ("renyi", &["-1", "nan"]),
        ("tsallis", &["-1", "inf"]),
        ("amari", &["inf", "nan"]),
        ("kl", &["0.5"]),
    ] {
        for alpha in alphas {
            with(&["--kind", kind, "--alpha", alpha], &["--alpha"])?;
        }
    }
    with(&["--kind", "kl", "--alpha", "0.5"], &["kl has no parameter"])?;
    with(&["--kind", "renyi", "--alpha", "two"], &["--alpha", "two"])?;
    refused(&[&p, "--kind", "entropy", "--alpha", "-1"], &["--alpha", "-1"])?;
    for temperature in ["0", "-1", "inf", "nan"] {
        let run = ["--kind", "kl", "--from", "logits", "--temperature", temperature];
        with(&run, &["--temperature"])?;
    }
    with(&["--kind", "kl", "--temperature", "2"], &["--temperature", "logits"])?;
    with(&["--kind", "kl", "--from", "counts"], &["counts"])?;
    with(&["--kind", "kl", "--unit", "hartleys"], &["hartleys"])?;
    with(&["--kind", "kl", "--precision", "half"], &["half"])?;
    with(&["--kind", "entropy"], &["q.npy", "entropy"])?;
    refused(&[&p, "--kind", "kl"], &["Q.npy is missing"])?;
    refused(&[&p, "--kind", "entropy", "--pairwise"], &["--pairwise"])?;
    let output = folder.path("none.npy");
    with(&["--kind", "kl", "--pairwise", "--gradient", &output], &["--pairwise", "--gradient"])?;
    assert!(!Path::new(&output).exists(), "a refused run leaves no file");
    let far = folder.path("no such folder/out.npy");
    with(&["--kind", "kl", "--gradient", &far], &["no such folder"])?;
    with(&["--kind", "kl", "--gradient", &folder.path("")], &["arguments"])?;
    if Path::new("/dev/full").exists() {
        with(&["--kind", "kl", "--gradient", "/dev/full"], &["/dev/full"])?;
    }
    Ok(())
}
