//! Borders that no cell reaches across, on the command line and in graphs.

use geo_tools::Code;
use geo_tools::districting::{PlanRow, Reason, Rules, Unit, UnitGraph, judge};

use crate::commands::{FOUR, folder_with, partition, row_of, run};
use crate::support::{Chance, cut, graph, options, unit};

/// A line, with more properties than none.
fn line(properties: &str, from: [f64; 2], to: [f64; 2]) -> String {
    format!(
        r#"{{"type":"Feature","properties":{properties},"geometry":{{"type":"LineString","coordinates":[[{},{}],[{},{}]]}}}}"#,
        from[0], from[1], to[0], to[1]
    )
}

fn lines(features: &[String]) -> String {
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(",\n"))
}

/// A river a little beside the border between A and B, from beyond one end of it to beyond the other.
fn river() -> String {
    line(r#"{"waterway":"river"}"#, [113.710_05, 34.389], [113.710_05, 34.401])
}

fn cells_with(barriers: &str) -> (i32, String, String) {
    let folder = folder_with(&[("units.geojson", &row_of(&FOUR)), ("lines.geojson", barriers)]);
    let arguments =
        ["--target", "20", "-o", "plan.csv", "--barriers", "lines.geojson", "--report", "report.json"];
    let (code, said) = partition(folder.path(), &arguments);
    let plan = std::fs::read_to_string(folder.path().join("plan.csv")).unwrap_or_default();
    let report = std::fs::read_to_string(folder.path().join("report.json")).unwrap_or_default();
    (code, plan, said + &report)
}

#[test]
fn no_cell_reaches_across_a_river_and_what_it_cuts_off_is_certified() {
    let (code, plan, said) = cells_with(&lines(&[river()]));
    assert_eq!((code, plan.starts_with("unit,cell\nA,01\nB,02\nC,02\n")), (0, true), "{plan} {said}");
    assert!(said.contains("SMALL_COMPONENT") || said.contains("PARENT_ARITHMETIC"), "{said}");
}

#[test]
fn a_bridge_joins_what_a_river_parts_and_a_tunnel_parts_nothing() {
    let together = "unit,cell\nA,01\nB,01\nC,02\nD,02\n";
    let bridge = line(r#"{"bridge":"yes"}"#, [113.709, 34.394], [113.711, 34.394]);
    let (code, plan, said) = cells_with(&lines(&[river(), bridge]));
    assert_eq!((code, plan.as_str()), (0, together), "{said}");
    // A road that crosses beside the border is no bridge across it.
    let elsewhere = line(r#"{"bridge":"yes"}"#, [113.709, 34.402], [113.711, 34.402]);
    let (_, plan, said) = cells_with(&lines(&[river(), elsewhere]));
    assert_ne!(plan.as_str(), together, "{said}");
    // Shapefiles have T and F, databases true and false, some a blank.
    for no in [r#""no""#, r#""No""#, r#""F""#, r#""false""#, r#"" ""#, r#""0""#, "0", "false", "null"] {
        let no_bridge = line(&format!(r#"{{"bridge":{no}}}"#), [113.709, 34.394], [113.711, 34.394]);
        let (_, plan, said) = cells_with(&lines(&[river(), no_bridge]));
        assert_ne!(plan.as_str(), together, "{no}: {said}");
    }
    let tunnel = river().replace("{\"waterway\":\"river\"}", "{\"railway\":\"rail\",\"tunnel\":\"yes\"}");
    let (_, plan, said) = cells_with(&lines(&[tunnel]));
    assert_eq!(plan.as_str(), together, "{said}");
}

#[test]
fn a_line_across_borders_or_far_from_them_parts_nothing_and_that_is_told() {
    for (from, to) in [([113.69, 34.395], [113.75, 34.395]), ([113.711, 34.389], [113.711, 34.401])] {
        let (code, plan, said) = cells_with(&lines(&[line("{}", from, to)]));
        assert_eq!((code, plan.as_str()), (0, "unit,cell\nA,01\nB,01\nC,02\nD,02\n"), "{said}");
        assert!(said.contains("no border of two units lies along a barrier"), "{said}");
    }
}

#[test]
fn barriers_that_are_no_lines_are_refused_and_a_plan_across_one_is_found_out() {
    let (code, plan, said) = cells_with(&row_of(&FOUR));
    assert_eq!((code, plan.as_str(), said.contains("a barrier is a line")), (1, "", true), "{said}");
    let plan = "unit,cell\nA,1\nB,1\nC,2\nD,2\n";
    let barriers = lines(&[river()]);
    let files =
        [("units.geojson", row_of(&FOUR)), ("lines.geojson", barriers), ("plan.csv", plan.to_owned())];
    let folder = folder_with(&files.each_ref().map(|(name, content)| (*name, content.as_str())));
    let score = ["score", "--units", "units.geojson", "--id", "code", "--weight", "n", "--plan", "plan.csv"];
    assert_eq!(run(folder.path(), &score).status.code(), Some(0));
    let across = run(folder.path(), &[&score[..], &["--barriers", "lines.geojson"]].concat());
    let said = String::from_utf8_lossy(&across.stderr);
    assert_eq!((across.status.code(), said.contains("NOT_CONTIGUOUS")), (Some(1), true), "{said}");
}

/// Whether units hang together across some links.
fn hang_together(units: &[u32], links: &[(u32, u32)]) -> bool {
    let mut reached = vec![units[0]];
    loop {
        let next = links.iter().find_map(|&(one, other)| {
            let goes = |from: u32, to: u32| {
                (reached.contains(&from) && !reached.contains(&to) && units.contains(&to)).then_some(to)
            };
            goes(one, other).or_else(|| goes(other, one))
        });
        match next {
            Some(unit) => reached.push(unit),
            None => return reached.len() == units.len(),
        }
    }
}

#[test]
fn in_any_graph_cells_hang_together_across_open_borders_only() {
    let mut in_pieces = 0;
    for seed in 0..300 {
        let mut chance = Chance::new(seed);
        let count = 8 + chance.below(12) as u32;
        let units: Vec<Unit> =
            (0..count).map(|number| unit(number as usize, None, (1 + chance.below(9)) as f64)).collect();
        let mut pairs: Vec<(u32, u32)> =
            (1..count).map(|second| (chance.below(second.into()) as u32, second)).collect();
        for _ in 0..count {
            let (one, other) = (chance.below(count.into()) as u32, chance.below(count.into()) as u32);
            if one != other {
                pairs.push((one.min(other), one.max(other)));
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        let is_barred: Vec<bool> = pairs.iter().map(|_| chance.below(4) == 0).collect();
        let (mut barred, mut open) = (Vec::new(), Vec::new());
        for (&(one, other), is_barred) in pairs.iter().zip(is_barred) {
            if is_barred { barred.push([one, other]) } else { open.push((one, other)) }
        }
        let graph = graph(units, &pairs).with_barred(&barred);
        // Judging is quick, cutting is not.
        let plan = (seed < 40).then(|| cut(&graph, &options(12.0)).0);
        for (plan, cell) in
            plan.iter().flat_map(|plan| (0..plan.cells.len() as u32).map(move |cell| (plan, cell)))
        {
            let members: Vec<u32> = (0..count).filter(|&unit| plan.cell_of[unit as usize] == cell).collect();
            assert!(hang_together(&members, &open), "seed {seed}: {members:?}");
        }
        // The judge of any plan knows it too.
        let halves: Vec<u32> = (0..count).map(|_| chance.below(3) as u32).collect();
        for judged in &judged(&graph, &halves).cells {
            let members: Vec<u32> =
                (0..count).filter(|&unit| format!("c{}", halves[unit as usize]) == judged.cell).collect();
            assert_eq!(judged.is_contiguous, hang_together(&members, &open), "seed {seed}: {members:?}");
            in_pieces += usize::from(!judged.is_contiguous && hang_together(&members, &pairs));
        }
    }
    assert!(in_pieces > 20, "{in_pieces} cells are in pieces for a barrier alone: too few to show anything");
}

fn judged(graph: &UnitGraph, cells: &[u32]) -> geo_tools::districting::Judgement {
    let row =
        |(unit, cell): (&Unit, &u32)| PlanRow { unit: unit.id.clone(), cell: format!("c{cell}"), line: None };
    let rows: Vec<PlanRow> = graph.units().iter().zip(cells).map(row).collect();
    judge(graph, &rows, Rules { tolerance_ppm: 50_000, target: None })
}

#[test]
fn ground_behind_a_barrier_is_a_component_of_its_own() {
    let units = [10.0, 10.0, 10.0, 10.0, 3.0].iter().enumerate();
    let units = units.map(|(at, &weight)| unit(at, None, weight)).collect();
    let row = graph(units, &[(0, 1), (1, 2), (2, 3), (3, 4)]).with_barred(&[[3, 4]]);
    let (_, judgement) = cut(&row, &options(20.0));
    let reasons: Vec<Option<Reason>> = judgement
        .cells
        .iter()
        .map(|cell| cell.certificate.as_ref().map(|certificate| certificate.reason))
        .collect();
    assert_eq!(reasons, [None, None, Some(Reason::SmallComponent)]);
    assert_eq!(judgement.problems.iter().filter(|problem| problem.code != Code::OutOfTolerance).count(), 0);
    // What is measured is measured as ever: two borders, whether cells may reach across or not.
    assert_eq!(judgement.cut_mm, 200_000);
}
