//! An explanation as JSON: figures and codes for programs, the sentences of both languages where a person reads them.

use serde_json::{Value, json};

use crate::districting::explain::{
    Bar, CellLineage, ExplainedCell, Explanation, Language, Lineage, MovedUnit, Origin, Relaxation, Relaxed,
    Why, sentences,
};

const MM_PER_M: f64 = 1e3;

impl Explanation {
    /// What the report has under `explanation`.
    pub fn to_json(&self) -> Value {
        let miss = |cell: &ExplainedCell| {
            let reason = cell.judged.certificate.as_ref().map(|certificate| certificate.reason.as_str());
            json!({
                "cell": cell.judged.cell,
                "deviation": cell.judged.deviation,
                "reason": reason,
                "text": text(|language| sentences::miss(language, cell)),
            })
        };
        json!({
            "text": text(|language| sentences::plan(language, self)),
            "cells": self.cells.iter().map(|cell| self.cell(cell)).collect::<Vec<_>>(),
            "histogram": self.spread.iter().map(bar).collect::<Vec<_>>(),
            "misses": self.misses().into_iter().map(miss).collect::<Vec<_>>(),
            "relaxations": self.relaxations.iter().map(relaxation).collect::<Vec<_>>(),
            "lineage": self.lineage.as_ref().map(|lineage| self.lineage(lineage)),
        })
    }

    fn cell(&self, cell: &ExplainedCell) -> Value {
        let border = cell.border;
        let near = cell.neighbours.iter().map(
            |near| json!({ "cell": self.cells[near.cell].judged.cell, "shared_m": length_m(near.shared_mm) }),
        );
        let walk = cell.longest_walk.as_ref();
        let mut told = json!({
            "cell": cell.judged.cell,
            "mean": cell.mean,
            "longest_walk": walk.map(|walk| json!({ "from": walk.from, "to": walk.to, "m": walk.length_m })),
            "border": {
                "cells_m": length_m(border.cells_mm),
                "parents_m": length_m(border.parents_mm),
                "outer_m": length_m(border.outer_mm),
            },
            "neighbours": near.collect::<Vec<_>>(),
            "heaviest": { "unit": cell.heaviest.unit, "weight": cell.heaviest.weight.value() },
        });
        if let Some(share) = cell.judged.clear_share {
            told["border"]["clear_share"] = share.into();
        }
        told
    }

    fn lineage(&self, lineage: &Lineage) -> Value {
        let called = |cell: usize| &self.cells[cell].judged.cell;
        let cells = self.cells.iter().zip(&lineage.cells).map(|(cell, of)| of_cell(&cell.judged.cell, of));
        let merged = lineage.merged.iter().map(|old| {
            let (count, weight) = (old.unit_count, old.weight.value());
            json!({ "cell": old.cell, "into": called(old.in_cell), "units": count, "weight": weight })
        });
        json!({
            "text": text(|language| sentences::moves(language, lineage)),
            "moved_weight": lineage.moved_weight.value(),
            "cells": cells.collect::<Vec<_>>(),
            "merged": merged.collect::<Vec<_>>(),
            "moved": lineage.moved.iter().map(moved).collect::<Vec<_>>(),
            "new_units": lineage.new_unit_count,
            "gone_units": lineage.gone_unit_count,
        })
    }
}

/// The same in each language, by its tag without a region.
fn text(say: impl Fn(Language) -> String) -> Value {
    json!({ "zh": say(Language::Chinese), "en": say(Language::English) })
}

fn length_m(length_mm: i64) -> f64 {
    length_mm as f64 / MM_PER_M
}

fn bar(bar: &Bar) -> Value {
    json!({ "from": bar.from, "to": bar.to, "cells": bar.cell_count })
}

fn relaxation(relaxation: &Relaxation) -> Value {
    let mut told = match &relaxation.rule {
        Relaxed::Tolerance { tolerance_ppm } => {
            json!({ "rule": "TOLERANCE", "tolerance": f64::from(*tolerance_ppm) / 1e6 })
        }
        Relaxed::JoinedParents { first, second } => {
            json!({ "rule": "JOINED_PARENTS", "parents": [first, second] })
        }
        Relaxed::DividedUnit { unit, weight, cell, cell_count } => json!({
            "rule": "DIVIDED_UNIT",
            "unit": unit,
            "weight": weight.value(),
            "cell": cell,
            "into_cells": cell_count,
        }),
    };
    told["mended"] = relaxation.mended.into();
    told["left"] = relaxation.left.into();
    told["text"] = text(|language| sentences::relaxation(language, relaxation));
    told
}

fn of_cell(cell: &str, lineage: &CellLineage) -> Value {
    let (origin, before) = match &lineage.origin {
        Origin::Kept => ("KEPT", Some(cell)),
        Origin::Renamed { before } => ("RENAMED", Some(before.as_str())),
        Origin::Split { from } => ("SPLIT", Some(from.as_str())),
        Origin::New => ("NEW", None),
    };
    let from = lineage
        .from
        .iter()
        .map(|old| json!({ "cell": old.cell, "units": old.unit_count, "weight": old.weight.value() }));
    json!({
        "cell": cell,
        "origin": origin,
        "before": before,
        "from": from.collect::<Vec<_>>(),
        "merged": lineage.merged,
        "gained": lineage.gained.value(),
        "lost": lineage.lost.value(),
        "text": text(|language| sentences::lineage(language, lineage)),
    })
}

fn moved(moved: &MovedUnit) -> Value {
    let figures = match &moved.why {
        Why::TooHeavy { weight, deviation } => {
            json!({ "cell": moved.from, "weight": weight.value(), "deviation": deviation })
        }
        Why::TooLight { weight, deviation } => {
            json!({ "cell": moved.to, "weight": weight.value(), "deviation": deviation })
        }
        Why::WouldMiss { cell, weight, deviation } => {
            json!({ "cell": cell, "weight": weight.value(), "deviation": deviation })
        }
        Why::ShorterBorder { shorter_mm } => json!({ "shorter_m": length_m(*shorter_mm) }),
        _ => Value::Null,
    };
    json!({
        "unit": moved.unit,
        "weight": moved.weight.value(),
        "from": moved.from,
        "to": moved.to,
        "why": moved.why.as_str(),
        "figures": figures,
        "text": text(|language| sentences::moved(language, moved)),
    })
}
