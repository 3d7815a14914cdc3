//! `kantor transport` between points, with reaches and masses, of all pairs: closed forms out, files that agree with them,
//! and a word on everything that does not fit.
#![cfg(feature = "cli")]

#[path = "common/command.rs"]
mod command;

use command::{Folder, Outcome, kantor, npy, npy_header, read_npy, refused};
use npyz::Order::C;
use serde_json::Value;

/// The problems of a run on the twin in double precision.
fn problems(arguments: &[&str]) -> Outcome<Vec<Value>> {
    let run = ["transport", "--adapter", "cpu", "--precision", "double", "--json"];
    let answer = command::json(&[&run, arguments].concat())?;
    Ok(answer["problems"].as_array().cloned().unwrap_or_default())
}

fn number(problem: &Value, key: &str) -> f64 {
    problem[key].as_f64().unwrap_or(f64::NAN)
}

fn near(problem: &Value, key: &str, known: f64) {
    let found = number(problem, key);
    assert!((found - known).abs() <= 1e-10 * known.abs().max(1.0), "{key}: {found}, not {known}");
}

/// Twice ½/(1 + e^{c/ε}): what two points that stay, c apart, leak to each other.
fn leak(c: f64, epsilon: f64) -> f64 {
    c / (1.0 + (c / epsilon).exp())
}

#[test]
fn points_have_their_closed_forms() -> Outcome {
    let folder = Folder::new("transport/points")?;
    let line = folder.array("line.npy", &[2, 1], &[0.0f64, 2.0])?;
    let axes = folder.array("axes.npy", &[2, 2], &[3.0f32, 0.0, 0.0, 0.5])?;
    let run: [&str; 5] = [&line, &line, "--points", "--epsilon", "1.5"];
    near(&problems(&run)?[0], "transport_cost", leak(4.0, 1.5));
    for (p, cost) in [("1", 2.0), ("2", 4.0), ("3", 8.0)] {
        let found = problems(&[&run[..], &["--cost-exponent", p]].concat())?;
        near(&found[0], "transport_cost", leak(cost, 1.5));
    }
    let found = problems(&[&axes, &axes, "--points", "--cosine", "--epsilon", "0.5"])?;
    near(&found[0], "transport_cost", leak(1.0, 0.5));
    // The costs 0, 4, 4, 0 have the standard deviation 2.
    let found = problems(&[&line, &line, "--points", "--relative-epsilon", "0.75"])?;
    near(&found[0], "epsilon", 1.5);
    near(&found[0], "transport_cost", leak(4.0, 1.5));
    assert!(problems(&run)?[0].get("epsilon").is_none());
    Ok(())
}

#[test]
fn a_translation_diverges_by_its_squared_length() -> Outcome {
    let folder = Folder::new("transport/divergence")?;
    let x = folder.array("x.npy", &[3, 2], &[0.0f64, 0.0, 1.0, 0.5, -0.3, 2.0])?;
    let y = folder.array("y.npy", &[3, 2], &[3.0f64, 4.0, 4.0, 4.5, 2.7, 6.0])?;
    let w = folder.array("w.npy", &[3], &[1.0f64, 2.0, 5.0])?;
    let cloud: [&str; 9] =
        [&x, &y, "--points", "--weights", &w, &w, "--divergence", "--epsilon", "0.7"];
    let found = problems(&cloud)?;
    assert!((number(&found[0], "divergence") - 25.0).abs() < 1e-8);
    let near_zero = [&x, &x, "--points", "--divergence", "--epsilon", "0.7"];
    assert!(number(&problems(&near_zero)?[0], "divergence").abs() < 1e-10);
    // Two pixels of half a unit.
    let a = folder.array("a.npy", &[1, 6], &[1.0f64, 3.0, 2.0, 4.0, 0.0, 0.0])?;
    let b = folder.array("b.npy", &[1, 6], &[0.0f64, 0.0, 1.0, 3.0, 2.0, 4.0])?;
    let grid: [&str; 9] =
        [&a, &b, "--grid", "1x6", "--spacing", "0.5", "--divergence", "--epsilon", "0.2"];
    assert!((number(&problems(&grid)?[0], "divergence") - 1.0).abs() < 1e-8);
    let c = folder.array("c.npy", &[2, 2], &[0.0f64, 1.0, 0.5, 0.0])?;
    let e = folder.array("e.npy", &[2], &[1.0f64, 1.0])?;
    let run = ["transport", &e, &e, "--cost", &c, "--epsilon", "1", "--divergence"];
    refused(&run, &["--divergence", "symmetric"])
}

#[test]
fn masses_that_differ_have_their_closed_forms() -> Outcome {
    let folder = Folder::new("transport/masses")?;
    let (alpha, beta, cost, epsilon, reach) = (1.5f64, 0.7f64, 0.8, 0.3, 0.9);
    let a = folder.array("a.npy", &[1], &[alpha])?;
    let b = folder.array("b.npy", &[1], &[beta])?;
    let c = folder.array("c.npy", &[1, 1], &[cost])?;
    let solve = |more: &[&str]| -> Outcome<Value> {
        let run = [&a[..], &b, "--cost", &c, "--epsilon", "0.3"];
        Ok(problems(&[&run, more].concat())?.swap_remove(0))
    };
    let kl = |p: f64, q: f64| p * (p / q).ln() - p + q;
    let value = |pi: f64, of_source: f64, of_target: f64| {
        cost * pi
            + epsilon * kl(pi, alpha * beta)
            + of_source * kl(pi, alpha)
            + of_target * kl(pi, beta)
    };
    let both = solve(&["--reach", "0.9"])?;
    near(&both, "mass", 0.702_526_407_915_996);
    near(&both, "regularized_cost", 0.819_694_543_376_408);
    let source = solve(&["--reach-source", "0.9"])?;
    near(&source, "mass", beta);
    near(&source, "regularized_cost", value(beta, reach, 0.0));
    let target = solve(&["--reach-source", "inf", "--reach-target", "0.9"])?;
    near(&target, "mass", alpha);
    near(&target, "regularized_cost", value(alpha, 0.0, reach));
    let part = solve(&["--mass", "0.5"])?;
    near(&part, "mass", 0.5);
    near(&part, "transport_cost", 0.4);
    near(&part, "regularized_cost", value(0.5, 0.0, 0.0));

    // Masses are divided out of balanced rows, and the answer says so.
    near(&solve(&[])?, "mass", 1.0);
    let normalized = |more: &[&str]| -> Outcome<Value> {
        let run = ["transport", "--adapter", "cpu", &a, &b, "--cost", &c, "--epsilon", "0.3"];
        Ok(command::json(&[&run[..], more].concat())?["normalized"].clone())
    };
    assert_eq!([normalized(&[])?, normalized(&["--reach", "1"])?], [true, false]);
    let run = ["transport", &a, &b, "--cost", &c, "--epsilon", "0.3"];
    refused(&[&run[..], &["--reach", "inf"]].concat(), &["b.npy", "0.7", "1.5"])?;
    refused(&[&run[..], &["--mass", "0.8"]].concat(), &["--mass", "0.8", "1.5", "0.7"])
}

#[test]
fn potentials_and_largest_entries_are_those_of_the_plan() -> Outcome {
    let folder = Folder::new("transport/files")?;
    let x = [0.0f64, 0.3, 1.0, 0.9];
    let y = [0.1f64, 0.6, 0.7, 0.2, 2.0, -1.0];
    let points = folder.array("x.npy", &[2, 2], &x)?;
    let others = folder.array("y.npy", &[3, 2], &y)?;
    let wx = folder.array("wx.npy", &[2, 2], &[1.0f64, 2.0, 0.5, 0.2])?;
    let wy = folder.array("wy.npy", &[3], &[1.0f64, 2.0, 1.0])?;
    let [plan, potentials, top] = ["p.npy", "p.npz", "t.npz"].map(|name| folder.path(name));
    let run: [&str; 15] = [
        &points,
        &others,
        "--points",
        "--weights",
        &wx,
        &wy,
        "--epsilon",
        "0.4",
        "--plan",
        &plan,
        "--potentials",
        &potentials,
        "--top-k",
        "2",
        &top,
    ];
    let cost = |i: usize, j: usize| {
        let [dx, dy] = [0, 1].map(|k| x[2 * i + k] - y[2 * j + k]);
        dx * dx + dy * dy
    };
    for more in [&[][..], &["--reach", "0.6"], &["--mass", "0.5"]] {
        let found = problems(&[&run[..], more].concat())?;
        let (shape, p) = read_npy::<f64>(&plan, None)?;
        let (f_shape, f) = read_npy::<f64>(&potentials, Some("f"))?;
        let (g_shape, g) = read_npy::<f64>(&potentials, Some("g"))?;
        assert_eq!(
            (&shape[..], &f_shape[..], &g_shape[..]),
            (&[2, 2, 3][..], &[2, 2][..], &[2, 3][..])
        );
        let multiplier =
            read_npy::<f64>(&potentials, Some("multiplier")).map_or(vec![0.0; 2], |(_, m)| m);
        assert_eq!(multiplier[0] != 0.0, more.contains(&"--mass"), "{multiplier:?}");
        for (k, problem) in found.iter().enumerate() {
            let scale = if more.is_empty() { [[1.0 / 3.0, 1.0 / 0.7][k], 0.25] } else { [1.0; 2] };
            for (at, entry) in p[6 * k..6 * (k + 1)].iter().enumerate() {
                let (i, j) = (at / 3, at % 3);
                let a = [[1.0, 2.0], [0.5, 0.2]][k][i] * scale[0];
                let b = [1.0, 2.0, 1.0][j] * scale[1];
                let exponent = f[2 * k + i] + g[3 * k + j] + multiplier[k] - cost(i, j);
                let known = a * b * (exponent / 0.4).exp();
                assert!((entry - known).abs() < 1e-10, "{more:?}: {entry}, not {known}");
            }
            let mass: f64 = p[6 * k..6 * (k + 1)].iter().sum();
            near(problem, "mass", mass);
        }
        let (shape, indices) = read_npy::<i64>(&top, Some("indices"))?;
        let (_, values) = read_npy::<f64>(&top, Some("values"))?;
        assert_eq!(shape, [2, 2, 2]);
        for (row, entries) in p.chunks(3).enumerate() {
            let mut sorted = entries.to_vec();
            sorted.sort_by(|a, b| b.total_cmp(a));
            assert_eq!(values[2 * row..2 * row + 2], sorted[..2]);
            assert!((0..2).all(|k| entries[indices[2 * row + k] as usize] == sorted[k]));
        }
    }
    Ok(())
}

/// Clouds of 2, 0 and 3 points, and clouds of 1, 2 and 2.
fn ragged(folder: &Folder) -> Outcome<[String; 2]> {
    let points = [0.0f64, 0.1, 1.0, 0.2, 0.5, 0.5, 0.9, 0.1, 0.3, 0.8];
    let others = [1.0f32, 1.0, 0.0, 0.4, 0.6, 0.2, 0.1, 0.1, 0.7, 0.9];
    let a = [
        ("points", npy(&[5, 2], C, &points)?),
        ("offsets", npy(&[4], C, &[0i64, 2, 2, 5])?),
        ("weights", npy(&[5], C, &[1.0f64, 2.0, 1.0, 3.0, 1.0])?),
    ];
    let b = [("points", npy(&[5, 2], C, &others)?), ("offsets", npy(&[4], C, &[0u8, 1, 3, 5])?)];
    Ok([folder.archive("a.npz", &a, false)?, folder.archive("b.npz", &b, true)?])
}

#[test]
fn ragged_clouds_are_solved_one_by_one() -> Outcome {
    let folder = Folder::new("transport/ragged")?;
    let [a, b] = ragged(&folder)?;
    let [potentials, top] = ["p.npz", "t.npz"].map(|name| folder.path(name));
    let run: [&str; 11] = [
        &a,
        &b,
        "--points",
        "--epsilon",
        "0.1",
        "--skip-empty",
        "--potentials",
        &potentials,
        "--top-k",
        "1",
        &top,
    ];
    let found = problems(&run)?;
    assert_eq!(found.len(), 3);
    assert_eq!(found[1], serde_json::json!({ "skipped": "source, row 1: has no points" }));
    let last = folder.array("last.npy", &[3, 2], &[0.5f64, 0.5, 0.9, 0.1, 0.3, 0.8])?;
    let other = folder.array("other.npy", &[2, 2], &[0.1f32, 0.1, 0.7, 0.9])?;
    let w = folder.array("w.npy", &[3], &[1.0f64, 3.0, 1.0])?;
    let even = folder.array("even.npy", &[2], &[1u8, 1])?;
    let alone = problems(&[&last, &other, "--points", "--weights", &w, &even, "--epsilon", "0.1"])?;
    near(&found[2], "transport_cost", number(&alone[0], "transport_cost"));
    near(&found[2], "regularized_cost", number(&alone[0], "regularized_cost"));
    let read = |name: &str| read_npy::<f64>(&potentials, Some(name));
    assert_eq!((read("f")?.0, read("g")?.0), (vec![5], vec![5]));
    // Of a problem that is skipped there are no numbers.
    assert!(read("g")?.1.iter().map(|g| g.is_nan()).eq([false, true, true, false, false]));
    let offsets = read_npy::<i64>(&potentials, Some("f_offsets"))?;
    assert_eq!(offsets.1, [0, 2, 2, 5]);
    assert_eq!(read_npy::<i64>(&top, Some("indices"))?.0, [5, 1]);

    let refuse = |more: &[&str], words: &[&str]| {
        refused(&[&["transport", &a, &b, "--points", "--epsilon", "0.1"], more].concat(), words)
    };
    refuse(&["--plan", "p.npy"], &["--plan", "different sizes"])?;
    refuse(&["--weights", &w, &w], &["a.npz", "--weights"])?;
    refuse(&["--top-k", "2", &top], &["--top-k", "1 bins"])?;
    for (offsets, word) in [
        (vec![0.0f64, 3.0, 2.0, 5.0], "index 2: 2 comes after 3"),
        (vec![0.0, 2.0, 4.0], "goes from 0 to 4"),
        (vec![1.0, 5.0], "goes from 1 to 5"),
        (vec![0.0, 2.5, 5.0], "index 1: 2.5"),
        (vec![0.0, -1.0, 5.0], "index 1: -1"),
        (vec![0.0, f64::NAN, 5.0], "index 1: NaN"),
        (vec![0.0, 1e300, 5.0], "1e300"),
        (vec![5.0], "[k + 1]"),
    ] {
        let arrays = [
            ("points", npy(&[5, 2], C, &[0.5f64; 10])?),
            ("offsets", npy(&[offsets.len() as u64], C, &offsets)?),
        ];
        let bad = folder.archive("bad.npz", &arrays, false)?;
        let run = ["transport", &b, &bad, "--points", "--epsilon", "0.1"];
        refused(&run, &["bad.npz:offsets", word])?;
    }
    Ok(())
}

#[test]
fn all_pairs_are_half_where_the_files_are_one() -> Outcome {
    let folder = Folder::new("transport/pairs")?;
    let rows =
        folder.array("rows.npy", &[3, 4], &[4.0f64, 1., 1., 1., 1., 2., 3., 4., 0., 1., 0., 1.])?;
    let copy = folder.path("copy.npy");
    std::fs::copy(&rows, &copy)?;
    let pairs = |run: &[&str]| -> Outcome<Vec<(u64, u64)>> {
        let found = problems(&[run, &["--all-pairs", "--epsilon", "0.3"]].concat())?;
        let row = |problem: &Value, key: &str| problem[key].as_u64().unwrap_or(u64::MAX);
        Ok(found.iter().map(|p| (row(p, "source"), row(p, "target"))).collect())
    };
    let half = [(0, 1), (0, 2), (1, 2)];
    let all: Vec<(u64, u64)> = (0..3).flat_map(|i| (0..3).map(move |j| (i, j))).collect();
    assert_eq!(pairs(&[&rows, &rows, "--grid", "2x2"])?, half);
    assert_eq!(pairs(&[&rows, &copy, "--grid", "2x2"])?, all);
    let reaches = ["--reach-source", "1", "--reach-target", "2"];
    assert_eq!(pairs(&[&[&rows[..], &rows, "--grid", "2x2"], &reaches[..]].concat())?, all);
    let mut cost = [1.0f64; 16];
    let same = folder.array("same.npy", &[4, 4], &cost)?;
    assert_eq!(pairs(&[&rows, &rows, "--cost", &same])?, half);
    cost[1] = 2.0;
    let skewed = folder.array("skewed.npy", &[4, 4], &cost)?;
    assert_eq!(pairs(&[&rows, &rows, "--cost", &skewed])?, all);

    // Each is what it is alone.
    let found = problems(&[&rows, &copy, "--grid", "2x2", "--all-pairs", "--epsilon", "0.3"])?;
    let own = problems(&[&rows, &copy, "--grid", "2x2", "--epsilon", "0.3"])?;
    for k in 0..3 {
        near(&found[4 * k], "transport_cost", number(&own[k], "transport_cost"));
    }
    near(&found[1], "regularized_cost", number(&found[3], "regularized_cost"));
    let batch = folder.array("batch.npy", &[3, 4, 4], &[1.0f64; 48])?;
    let one = folder.array("one.npy", &[4], &[1u8; 4])?;
    let refuse = |run: &[&str], words: &[&str]| {
        refused(&[&["transport", "--all-pairs", "--epsilon", "1"], run].concat(), words)
    };
    refuse(&[&rows, &rows, "--cost", &batch], &["--all-pairs", "[n, m]"])?;
    refuse(&[&one, &one, "--grid", "2x2"], &["one.npy", "--all-pairs"])
}

#[test]
fn one_row_is_that_of_all() -> Outcome {
    let folder = Folder::new("transport/one")?;
    let rows = folder.array("rows.npy", &[2, 2], &[1.0f64, 2.0, 5.0, 1.0])?;
    let one = folder.array("one.npy", &[2], &[1.0f64, 1.0])?;
    let costs =
        folder.array("costs.npy", &[2, 2, 2], &[0.0f64, 1.0, 1.0, 0.0, 0.0, 2.0, 2.0, 0.0])?;
    let found = problems(&[&one, &one, "--cost", &costs, "--epsilon", "1"])?;
    near(&found[0], "transport_cost", leak(1.0, 1.0));
    near(&found[1], "transport_cost", leak(2.0, 1.0));
    let wide = problems(&[&rows, &one, "--grid", "1x2", "--epsilon", "1"])?;
    let back = problems(&[&one, &rows, "--grid", "1x2", "--epsilon", "1"])?;
    for (there, back) in wide.iter().zip(&back) {
        near(there, "transport_cost", number(back, "transport_cost"));
    }
    // Several clouds and one, and several weights of one cloud.
    let clouds = folder.array("clouds.npy", &[2, 2, 1], &[0.0f64, 1.0, 0.0, 3.0])?;
    let cloud = folder.array("cloud.npy", &[2, 1], &[0.0f64, 1.0])?;
    let found = problems(&[&clouds, &cloud, "--points", "--epsilon", "1"])?;
    near(&found[0], "transport_cost", leak(1.0, 1.0));
    assert_eq!(found.len(), 2);
    let weighted = ["--points", "--weights", &rows, &one, "--epsilon", "1"];
    let found = problems(&[&[&cloud[..], &cloud], &weighted[..]].concat())?;
    for (points, grid) in found.iter().zip(&wide) {
        near(points, "transport_cost", number(grid, "transport_cost"));
    }
    Ok(())
}

#[test]
fn a_row_without_mass_is_its_problems_flag() -> Outcome {
    let folder = Folder::new("transport/blank")?;
    let rows = folder.array("rows.npy", &[3, 2], &[1u8, 2, 0, 0, 3, 1])?;
    let one = folder.array("one.npy", &[2], &[1u8, 1])?;
    let plan = folder.path("plan.npy");
    let run: [&str; 12] = [
        "transport",
        "--adapter",
        "cpu",
        &rows,
        &one,
        "--grid",
        "1x2",
        "--epsilon",
        "1",
        "--json",
        "--plan",
        &plan,
    ];
    let output = kantor(&run)?;
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr)?;
    assert!(
        said.contains("rows.npy: source, row 1: has no mass") && said.lines().count() == 1,
        "{said}"
    );
    let refusal: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(
        refusal["problems"][1],
        serde_json::json!({ "error": "source, row 1: has no mass" })
    );
    assert_eq!(refusal["problems"][2]["converged"], true);
    assert!(!std::path::Path::new(&plan).exists());

    let skipped = command::json(&[&run[..], &["--skip-empty"]].concat())?;
    assert_eq!(
        skipped["problems"][1],
        serde_json::json!({ "skipped": "source, row 1: has no mass" })
    );
    assert_eq!(skipped["problems"][2], refusal["problems"][2]);
    let (shape, plans) = read_npy::<f64>(&plan, None)?;
    assert_eq!(shape, [3, 2, 2]);
    assert!(
        plans.iter().enumerate().all(|(at, p)| p.is_nan() == (4..8).contains(&at)),
        "{plans:?}"
    );
    // With nothing else to solve, too.
    let none = folder.array("none.npy", &[2], &[0u8, 0])?;
    let run = ["transport", "--adapter", "cpu", &none, &one, "--grid", "1x2", "--epsilon", "1"];
    assert_eq!(kantor(&run)?.status.code(), Some(2));
    assert_eq!(kantor(&[&run[..], &["--skip-empty"]].concat())?.status.code(), Some(0));
    Ok(())
}

#[test]
fn every_type_of_number_is_read() -> Outcome {
    let folder = Folder::new("transport/types")?;
    let header = |descr: &str| {
        npy_header(&format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (2,), }}"))
    };
    let with = |descr: &str, bytes: &[u8]| [&header(descr)[..], bytes].concat();
    let files = [
        npy(&[2], C, &[1.0f32, 3.0])?,
        npy(&[2], C, &[1u16, 3])?,
        npy(&[2], C, &[1i64, 3])?,
        with("<f2", &[0x00, 0x3c, 0x00, 0x42]),
        with("|V2", &[0x80, 0x3f, 0x40, 0x40]),
    ];
    let one = folder.file("one.npy", with("|b1", &[1, 1]))?;
    let mut answers = Vec::new();
    for (k, bytes) in files.iter().enumerate() {
        let file = folder.file(&format!("{k}.npy"), bytes)?;
        answers.push(problems(&[&file, &one, "--grid", "1x2", "--epsilon", "1"])?);
        for packed in [false, true] {
            let other = ("other", npy(&[1], C, &[1.0f32])?);
            let both = [("rows", bytes.clone()), other];
            let file = folder.archive("both.npz", &both, packed)? + ":rows";
            answers.push(problems(&[&file, &one, "--grid", "1x2", "--epsilon", "1"])?);
        }
        let alone = folder.archive("alone.npz", &[("x", bytes.clone())], true)?;
        answers.push(problems(&[&alone, &one, "--grid", "1x2", "--epsilon", "1"])?);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    Ok(())
}

#[test]
fn broken_archives_are_named_with_their_reason() -> Outcome {
    let folder = Folder::new("transport/archives")?;
    let one = folder.array("one.npy", &[2], &[1u8, 1])?;
    let rows = ("rows", npy(&[2], C, &[1.0f64, 2.0])?);
    let arrays = [rows.clone(), ("text", b"not an array".to_vec())];
    let whole = command::npz(&arrays, false)?;
    let mut bent = whole.clone();
    let at = bent.windows(8).position(|bytes| bytes == 2.0f64.to_le_bytes()).unwrap_or(0);
    bent[at] ^= 1;
    let huge = npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 100), }");
    folder.file("both.npz", &whole)?;
    folder.file("cut.npz", &whole[..whole.len() / 2])?;
    folder.file("bent.npz", &bent)?;
    folder.file("none.npz", command::npz(&[], false)?)?;
    folder.file("claims.npz", command::npz(&[("rows", huge)], true)?)?;
    folder.file("text.npz", "text")?;
    for (file, words) in [
        ("both.npz", &["both.npz", "\"rows\", \"text\"", "ARCHIVE.npz:NAME"][..]),
        ("both.npz:none", &["both.npz:none", "\"rows\", \"text\""]),
        ("both.npz:text", &["both.npz:text", "not a .npy file"]),
        ("cut.npz:rows", &["cut.npz:rows", "not a .npz archive"]),
        ("bent.npz:rows", &["bent.npz:rows", "hecksum"]),
        ("none.npz", &["none.npz", "0 arrays"]),
        ("claims.npz", &["claims.npz", "100 bins"]),
        ("text.npz", &["text.npz", "not a .npz archive"]),
        ("missing.npz:rows", &["missing.npz:rows", "No such file"]),
    ] {
        let file = folder.path(file);
        refused(&["transport", &one, &file, "--grid", "1x2", "--epsilon", "1"], words)?;
    }
    let claims = folder.path("claims.npz");
    let run = ["transport", &one, &claims, "--grid", "1000000x100", "--epsilon", "1"];
    refused(&run, &["one.npy"])?;
    refused(
        &["transport", &claims, &claims, "--grid", "1000000x100", "--epsilon", "1"],
        &["truncated"],
    )
}

#[test]
fn what_does_not_fit_is_named() -> Outcome {
    let folder = Folder::new("transport/refused")?;
    let x = folder.array("x.npy", &[3, 2], &[1.0f64, 2.0, 3.0, 4.0, 5.0, 6.0])?;
    let solid = folder.array("solid.npy", &[2, 3], &[1.0f64; 6])?;
    let e = folder.array("e.npy", &[2], &[1u8, 1])?;
    let c = folder.array("c.npy", &[2, 2], &[0.0f32, 1.0, 1.0, 0.0])?;
    let refuse = |run: &[&str], words: &[&str]| {
        refused(&[&["transport", "--adapter", "cpu"], run].concat(), words)
    };
    let points = |more: &[&str], words: &[&str]| {
        refuse(&[&[&x[..], &x, "--points", "--epsilon", "1"], more].concat(), words)
    };
    let matrix = |more: &[&str], words: &[&str]| {
        refuse(&[&[&e[..], &e, "--cost", &c, "--epsilon", "1"], more].concat(), words)
    };
    points(&["--grid", "2x2"], &["--points", "--grid"])?;
    points(&["--spacing", "2"], &["--spacing", "--grid", "--points"])?;
    points(&["--cosine", "--cost-exponent", "2"], &["--cosine", "--cost-exponent"])?;
    points(&["--cost-exponent", "0.5"], &["--cost-exponent", "0.5", "from 1 on"])?;
    points(&["--relative-epsilon", "1"], &["--epsilon", "--relative-epsilon"])?;
    for (reach, word) in
        [("0", "above zero"), ("-1", "above zero"), ("nan", "above zero"), ("x", "float")]
    {
        for option in ["--reach", "--reach-source", "--reach-target"] {
            points(&[option, reach], &[option, word])?;
        }
    }
    for mass in ["0", "-1", "nan", "inf", "x"] {
        points(&["--mass", mass], &["--mass"])?;
    }
    points(&["--mass", "1.5"], &["--mass", "1.5 is more"])?;
    points(&["--reach", "1", "--mass", "1"], &["--reach", "--mass"])?;
    points(&["--reach-target", "1", "--mass", "1"], &["--reach-target", "--mass"])?;
    points(&["--reach", "1", "--reach-source", "1"], &["--reach", "--reach-source"])?;
    points(&["--divergence", "--mass", "1"], &["--divergence", "--mass"])?;
    points(&["--weights", &e, &e], &["e.npy", "[3]", "x.npy"])?;
    points(&["--weights", &e], &["--weights"])?;
    for count in ["0", "-1", "x"] {
        points(&["--top-k", count, "top.npz"], &["--top-k", &format!("'{count}'")])?;
    }
    points(&["--top-k", "4", "top.npz"], &["--top-k", "4", "3 bins"])?;
    points(&["--top-k", "4"], &["--top-k"])?;
    matrix(&["--cosine"], &["--cosine", "--points", "--cost"])?;
    matrix(&["--weights", &e, &e], &["--weights", "--points", "--cost"])?;
    matrix(&["--cost-exponent", "1"], &["--cost-exponent", "--cost"])?;
    refuse(&[&e, &e, "--cost", &c], &["--epsilon", "--relative-epsilon"])?;
    refuse(&[&x, &x, "--epsilon", "1"], &["--cost", "--grid", "--points"])?;
    refuse(&[&x, &solid, "--points", "--epsilon", "1"], &["solid.npy", "3 dimensions", "x.npy"])?;
    refuse(&[&x, &e, "--points", "--epsilon", "1"], &["e.npy", "[n, d]"])?;
    let bad = [
        folder.array("nan.npy", &[2, 2], &[1.0f64, 0.0, f64::NAN, 0.0])?,
        folder.array("far.npy", &[2, 2], &[1.0f64, 0.0, 1e200, 0.0])?,
    ];
    for file in &bad {
        refuse(&[&x, file, "--points", "--epsilon", "1"], &[file, "row 1, index 0", "finite"])?;
    }
    let origin = folder.array("origin.npy", &[2, 2], &[1.0f64, 0.0, 0.0, 0.0])?;
    let run = [&x[..], &origin, "--points", "--cosine", "--epsilon", "1"];
    refuse(&run, &["origin.npy", "row 1", "origin"])?;
    // Of clouds, the point's number in its file.
    let clouds = [1.0f64, 2.0, 3.0, 4.0, 5.0, 6.0, f64::INFINITY, 8.0];
    let clouds = folder.array("clouds.npy", &[2, 2, 2], &clouds)?;
    refuse(&[&clouds, &x, "--points", "--epsilon", "1"], &["clouds.npy", "row 3, index 0"])?;
    // Shapes are compared before anything of the grid is there.
    refuse(&[&e, &e, "--grid", "60000x60000", "--epsilon", "1"], &["e.npy", "3600000000"])
}

/// Problems of so many iterations that all of them would take minutes.
#[cfg(unix)]
#[test]
#[allow(unsafe_code)]
fn an_interrupt_prints_what_is_finished() -> Outcome {
    use std::os::unix::process::CommandExt;
    use std::process::Stdio;
    use std::time::Duration;

    const MANY: usize = 1 << 18;
    let folder = Folder::new("transport/interrupt")?;
    let a = folder.array("a.npy", &[MANY as u64, 2], &[0.9f32, 0.1].repeat(MANY))?;
    let b = folder.array("b.npy", &[2], &[0.2f32, 0.8])?;
    let c = folder.array("c.npy", &[2, 2], &[0.0f64, 1.0, 1.0, 0.3])?;
    let plan = folder.path("plan.npy");
    let run = [
        "transport",
        "--adapter",
        "cpu",
        &a,
        &b,
        "--cost",
        &c,
        "--epsilon",
        "0.01",
        "--json",
        "--tolerance",
        "0",
        "--max-iterations",
        "1000",
        "--plan",
        &plan,
    ];
    let mut finished = 0;
    // A busy machine may not have come far.
    for seconds in [1, 3, 9, 27] {
        let mut command = command::command();
        // A test that runs in the background may have inherited that the signal is ignored.
        let heeds = || {
            // SAFETY: `signal` is async-signal-safe.
            unsafe { libc::signal(libc::SIGINT, libc::SIG_DFL) };
            Ok(())
        };
        // SAFETY: what runs between fork and exec is that one call.
        unsafe { command.pre_exec(heeds) };
        let child = command.args(run).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        std::thread::sleep(Duration::from_secs(seconds));
        // SAFETY: the child has not been waited for, so that its number is its own.
        unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
        let output = child.wait_with_output()?;
        let said = String::from_utf8(output.stderr)?;
        assert_eq!(output.status.code(), Some(130), "{said}");
        let answer: Value = serde_json::from_slice(&output.stdout)?;
        finished = answer["problems"].as_array().map_or(0, Vec::len);
        let words = format!("kantor: interrupted: {finished} of {MANY} problems are finished\n");
        assert_eq!(said, words);
        assert!(!std::path::Path::new(&plan).exists());
        if finished > 0 {
            break;
        }
    }
    assert!(finished > 0 && finished < MANY, "{finished}");
    Ok(())
}
