//! Every sentence that explains a plan, in Chinese and English side by side.
//!
//! Invariant: a name out of a file stands on one line: what would break or steer it is shown as a replacement character.

use crate::districting::Reason;
use crate::districting::explain::Language::{self, Chinese, English};
use crate::districting::explain::{
    Bar, CellLineage, ExplainedCell, Explanation, Lineage, MovedUnit, Origin, Relaxation, Relaxed, Why,
};
use crate::shown;

/// A name as people are shown it.
pub(super) fn name(given: &str) -> String {
    shown::text(given)
}

/// A part of something with its sign, in percent.
pub(super) fn signed_percent(language: Language, share: f64) -> String {
    match language {
        Chinese => format!("{:+.1}%", share * 100.0),
        English => format!("{:+.1} %", share * 100.0),
    }
}

/// A part of something in percent, in as many digits as it needs.
pub(super) fn percent(language: Language, share: f64) -> String {
    let digits = (share * 1e6).round() / 1e4;
    match language {
        Chinese => format!("{digits}%"),
        English => format!("{digits} %"),
    }
}

/// The same to a tenth of a percent.
fn tenths(language: Language, share: f64) -> String {
    percent(language, (share * 1e3).round() / 1e3)
}

/// Millimetres as whole metres.
pub(super) fn metres(language: Language, length_mm: i64) -> String {
    let length_m = (length_mm + 500).div_euclid(1_000);
    match language {
        Chinese => format!("{length_m} 米"),
        English => format!("{length_m} m"),
    }
}

fn metres_of(language: Language, length_m: f64) -> String {
    metres(language, crate::districting::millimetres(length_m))
}

/// What there is to say of the plan as a whole.
pub(super) fn plan(language: Language, plan: &Explanation) -> String {
    let all = plan.cells.len();
    let within = plan.cells.iter().filter(|cell| cell.judged.is_in_tolerance).count();
    let certified = plan.cells.iter().filter(|cell| cell.judged.certificate.is_some()).count();
    let neither = all - within - certified;
    let tolerance = percent(language, f64::from(plan.tolerance_ppm) / 1e6);
    let cut = metres(language, plan.cut_mm);
    let clear = plan.clear_share.map(|share| match language {
        Chinese => format!("其中 {} 沿清晰界线。", tenths(language, share)),
        English => format!(" {} of that runs along clear lines.", tenths(language, share)),
    });
    let clear = clear.unwrap_or_default();
    match language {
        Chinese => format!(
            "共 {all} 个网格：{within} 个在容差 ±{tolerance} 之内，{certified} 个不在其内但已证明无法做到，{neither} 个不在其内且无此证明；网格之间的边界共 {cut}。{clear}"
        ),
        English => format!(
            "Cells: {all}; {within} within the tolerance of ±{tolerance}, {certified} out of it and certified that they must be, {neither} out of it without a certificate; {cut} of borders between cells.{clear}"
        ),
    }
}

/// Which deviations a bar counts.
pub(super) fn bar(language: Language, bar: &Bar) -> String {
    let edge = |share: f64| percent(language, share);
    match (bar.from, bar.to, language) {
        (Some(from), Some(to), Chinese) => format!("{} 至 {}", edge(from), edge(to)),
        (Some(from), Some(to), English) => format!("{} to {}", edge(from), edge(to)),
        (None, Some(to), Chinese) => format!("低于 {}", edge(to)),
        (None, Some(to), English) => format!("below {}", edge(to)),
        (Some(from), None, Chinese) => format!("高于 {}", edge(from)),
        (Some(from), None, English) => format!("above {}", edge(from)),
        (None, None, _) => String::new(),
    }
}

/// Why a cell is out of tolerance.
pub(super) fn miss(language: Language, cell: &ExplainedCell) -> String {
    let mean = cell.mean;
    match (&cell.judged.certificate, language) {
        (None, Chinese) => "没有证明表明只能如此：重新划分或延长搜索或可改善。".to_owned(),
        (None, English) => {
            "Nothing shows that it must be: cutting anew, or searching longer, may mend it.".to_owned()
        }
        (Some(certificate), English) => {
            format!("It must be ({}): {}.", certificate.reason.as_str(), certificate.detail)
        }
        (Some(certificate), Chinese) => {
            let because = match certificate.reason {
                Reason::SmallComponent => {
                    format!(
                        "这块地与同一上级的其他单元都不相连，总共只有 {}，均值为 {mean:.1}",
                        cell.judged.weight
                    )
                }
                Reason::OversizeUnit if cell.heaviest.is_too_heavy => format!(
                    "单元 {} 本身权重 {}，超过一个网格的上限；均值为 {mean:.1}",
                    name(&cell.heaviest.unit),
                    cell.heaviest.weight
                ),
                Reason::OversizeUnit if !certificate.conflict.is_empty() => format!(
                    "无论怎样划分，单元 {} 都不能全部落在容差之内的网格里；均值为 {mean:.1}",
                    certificate.conflict.iter().map(|unit| name(unit)).collect::<Vec<_>>().join("、")
                ),
                Reason::OversizeUnit => format!(
                    "网格内有一个单元（或须同格的一组单元），与它相连的任何组合不是太轻，就是太重；均值为 {mean:.1}"
                ),
                Reason::ParentArithmetic => {
                    format!("相连的这片地无法全部划成落在均值 {mean:.1} 容差之内的网格")
                }
                Reason::Locked => "该网格已锁定，保持原样".to_owned(),
            };
            format!("只能如此（{}）：{because}。", certificate.reason.as_str())
        }
    }
}

/// What there is to say of a cell; `called` gives the names of its neighbours.
pub(super) fn cell<'a>(
    language: Language,
    cell: &ExplainedCell,
    called: impl Fn(usize) -> &'a str,
) -> Vec<String> {
    let judged = &cell.judged;
    let deviation = signed_percent(language, judged.deviation);
    let (weight, mean, units, compact) = (judged.weight, cell.mean, judged.unit_count, judged.polsby_popper);
    let mut said = vec![match (language, judged.is_in_tolerance) {
        (Chinese, true) => {
            format!("权重 {weight}，与均值 {mean:.1} 相差 {deviation}，在容差之内；{units} 个单元。")
        }
        (Chinese, false) => {
            format!("权重 {weight}，与均值 {mean:.1} 相差 {deviation}，超出容差；{units} 个单元。")
        }
        (English, true) => {
            format!("Weighs {weight}, {deviation} from the mean of {mean:.1}, in tolerance; units: {units}.")
        }
        (English, false) => {
            format!(
                "Weighs {weight}, {deviation} from the mean of {mean:.1}, out of tolerance; units: {units}."
            )
        }
    }];
    if !judged.is_in_tolerance {
        said.push(miss(language, cell));
    }
    if !judged.is_contiguous {
        said.push(match language {
            Chinese => "网格不相连，分成了几块。".to_owned(),
            English => "It is in pieces.".to_owned(),
        });
    }
    said.push(match language {
        Chinese => format!("紧凑度（Polsby-Popper）{compact:.3}。"),
        English => format!("Compactness (Polsby-Popper) {compact:.3}."),
    });
    if let Some(walk) = &cell.longest_walk {
        let (from, to, length) = (name(&walk.from), name(&walk.to), metres_of(language, walk.length_m));
        said.push(match language {
            Chinese => format!("最远步行 {length}（单元 {from} 与 {to} 中心之间的直线）。"),
            English => {
                format!("Longest walk {length}, straight between the middles of units {from} and {to}.")
            }
        });
    }
    said.push(border(language, cell));
    said.extend(round(language, cell));
    if !cell.neighbours.is_empty() {
        let near = cell
            .neighbours
            .iter()
            .map(|near| format!("{} {}", name(called(near.cell)), metres(language, near.shared_mm)));
        let near: Vec<String> = near.collect();
        said.push(match language {
            Chinese => format!("相邻网格：{}。", near.join("、")),
            English => format!("Beside {}.", near.join(", ")),
        });
    }
    said
}

fn border(language: Language, cell: &ExplainedCell) -> String {
    let border = cell.border;
    let whole = metres(language, border.cells_mm + border.parents_mm + border.outer_mm);
    let [cells, parents, outer] =
        [border.cells_mm, border.parents_mm, border.outer_mm].map(|length_mm| metres(language, length_mm));
    let clear = cell.judged.clear_share.map(|share| match language {
        Chinese => format!("与其他网格的边界有 {} 沿清晰界线。", tenths(language, share)),
        English => {
            format!(" {} of what it shares with cells runs along clear lines.", tenths(language, share))
        }
    });
    let clear = clear.unwrap_or_default();
    match language {
        Chinese => {
            format!("边界 {whole}：与同一上级的网格 {cells}，与其他上级 {parents}，外缘 {outer}。{clear}")
        }
        English => format!(
            "Border {whole}: {cells} with cells of its parent, {parents} with other parents, {outer} outer edge.{clear}"
        ),
    }
}

/// How long it takes to visit a cell, where that was asked.
fn round(language: Language, cell: &ExplainedCell) -> Option<String> {
    let round = cell.judged.round.as_ref()?;
    let [all, visits, walk] = [round.all_s(), round.visits_s, round.walk_s].map(|time_s| time_s / 3_600.0);
    let (households, way) = (round.households, metres_of(language, round.walk_m));
    let verdict = match (language, round.is_in_time, &round.certificate) {
        (Chinese, true, _) => "时间足够",
        (Chinese, false, None) => "时间不够",
        (Chinese, false, Some(_)) => "时间不够，且只能如此",
        (English, true, _) => "which is in time",
        (English, false, None) => "which is too long",
        (English, false, Some(_)) => "which is too long and must be",
    };
    Some(match language {
        Chinese => format!(
            "走访一遍约需 {all:.1} 小时，{verdict}：{households} 户入户 {visits:.1} 小时，步行 {way}，{walk:.1} 小时。"
        ),
        English => format!(
            "A round takes {all:.1} h, {verdict}: {visits:.1} h with {households} households, {walk:.1} h for {way} on foot."
        ),
    })
}

/// What one rule that gives way would mend.
pub(super) fn relaxation(language: Language, relaxation: &Relaxation) -> String {
    let (mended, left) = (relaxation.mended, relaxation.left);
    let rule = match (&relaxation.rule, language) {
        (Relaxed::Tolerance { tolerance_ppm }, Chinese) => {
            format!("容差放宽到 ±{}", percent(language, f64::from(*tolerance_ppm) / 1e6))
        }
        (Relaxed::Tolerance { tolerance_ppm }, English) => {
            format!("A tolerance of ±{}", percent(language, f64::from(*tolerance_ppm) / 1e6))
        }
        (Relaxed::JoinedParents { first, second }, Chinese) => {
            format!("上级 {} 与 {} 合并划分", name(first), name(second))
        }
        (Relaxed::JoinedParents { first, second }, English) => {
            format!("Cutting parents {} and {} as one", name(first), name(second))
        }
        (Relaxed::DividedUnit { unit, weight, cell, cell_count }, Chinese) => {
            format!("将单元 {}（{weight}）切开，使网格 {} 成为 {cell_count} 个", name(unit), name(cell))
        }
        (Relaxed::DividedUnit { unit, weight, cell, cell_count }, English) => format!(
            "Dividing unit {} ({weight}), so that cell {} becomes {cell_count}",
            name(unit),
            name(cell)
        ),
    };
    match language {
        Chinese => format!("{rule}，可少 {mended} 个超出容差的网格，还剩 {left} 个。"),
        English => format!("{rule} would bring {mended} more within, and leave {left} out."),
    }
}

/// Where a cell comes from.
pub(super) fn lineage(language: Language, lineage: &CellLineage) -> String {
    let origin = match (&lineage.origin, language) {
        (Origin::Kept, Chinese) => "沿用原网格".to_owned(),
        (Origin::Kept, English) => "Kept".to_owned(),
        (Origin::Renamed { before }, Chinese) => format!("原名 {}，已改名", name(before)),
        (Origin::Renamed { before }, English) => format!("Renamed from {}", name(before)),
        (Origin::Split { from }, Chinese) => format!("由 {} 拆出", name(from)),
        (Origin::Split { from }, English) => format!("Split from {}", name(from)),
        (Origin::New, Chinese) => "新网格".to_owned(),
        (Origin::New, English) => "New".to_owned(),
    };
    let merged: Vec<String> = lineage.merged.iter().map(|cell| name(cell)).collect();
    let (gained, lost) = (lineage.gained, lineage.lost);
    match (language, merged.is_empty()) {
        (Chinese, true) => format!("{origin}；移入 {gained}，移出 {lost}。"),
        (Chinese, false) => format!("{origin}；并入 {}；移入 {gained}，移出 {lost}。", merged.join("、")),
        (English, true) => format!("{origin}; {gained} came in, {lost} went out."),
        (English, false) => {
            format!("{origin}; merged with {}; {gained} came in, {lost} went out.", merged.join(", "))
        }
    }
}

/// That a unit moved, and why.
pub(super) fn moved(language: Language, moved: &MovedUnit) -> String {
    let [unit, to] = [&moved.unit, &moved.to].map(|given| name(given));
    let (from, weight) = (left(language, moved), moved.weight);
    let why = why(language, moved);
    match language {
        Chinese => format!("单元 {unit}（{weight}）由 {from} 划入 {to}：{why}。"),
        English => format!("Unit {unit} ({weight}) went from {from} to {to}: {why}."),
    }
}

/// What the old cell is called, told from another that took its name.
fn left(language: Language, moved: &MovedUnit) -> String {
    let from = name(&moved.from);
    match language {
        _ if moved.from != moved.to => from,
        Chinese => format!("原 {from}"),
        English => format!("the old {from}"),
    }
}

fn why(language: Language, moved: &MovedUnit) -> String {
    let (from, to) = (left(language, moved), name(&moved.to));
    let off = |deviation: f64| signed_percent(language, deviation);
    match (&moved.why, language) {
        (Why::OtherParent, Chinese) => format!("{from} 跨越了上级的边界"),
        (Why::OtherParent, English) => format!("{from} reached out of its parent"),
        (Why::LoosePiece, Chinese) => format!("它与 {from} 的主体不相连"),
        (Why::LoosePiece, English) => format!("it did not hang together with the rest of {from}"),
        (Why::Dissolved, Chinese) => format!("{from} 已撤销"),
        (Why::Dissolved, English) => format!("{from} was given up"),
        (Why::TooHeavy { weight, deviation }, Chinese) => {
            format!("{from} 原有 {weight}，与均值相差 {}，过重", off(*deviation))
        }
        (Why::TooHeavy { weight, deviation }, English) => {
            format!("{from} weighed {weight}, {} from the mean, which is too much", off(*deviation))
        }
        (Why::TooLight { weight, deviation }, Chinese) => {
            format!("{to} 原有 {weight}，与均值相差 {}，过轻", off(*deviation))
        }
        (Why::TooLight { weight, deviation }, English) => {
            format!("{to} weighed {weight}, {} from the mean, which is too little", off(*deviation))
        }
        (Why::Divided, Chinese) => format!("{from} 被拆分"),
        (Why::Divided, English) => format!("{from} was divided"),
        (Why::CutOff, Chinese) => format!("{from} 已不再与它相邻"),
        (Why::CutOff, English) => format!("{from} no longer lies beside it"),
        (Why::HoldsTogether, Chinese) => format!("没有它，{to} 就不相连"),
        (Why::HoldsTogether, English) => format!("without it {to} would be in pieces"),
        (Why::WouldMiss { cell, weight, deviation }, Chinese) => {
            format!("若留在原处，{} 将为 {weight}，与均值相差 {}，超出容差", name(cell), off(*deviation))
        }
        (Why::WouldMiss { cell, weight, deviation }, English) => format!(
            "had it stayed, {} would weigh {weight}, {} from the mean, which is out of tolerance",
            name(cell),
            off(*deviation)
        ),
        (Why::ShorterBorder { shorter_mm }, Chinese) => {
            format!("边界因此缩短 {}", metres(language, *shorter_mm))
        }
        (Why::ShorterBorder { shorter_mm }, English) => {
            format!("borders are {} shorter so", metres(language, *shorter_mm))
        }
        (Why::Locked, Chinese) => format!("{to} 已锁定"),
        (Why::Locked, English) => format!("{to} is locked"),
        (Why::StaysTogether, Chinese) => "它须与同组的其他单元同格".to_owned(),
        (Why::StaysTogether, English) => "it stays together with the others of its group".to_owned(),
        (Why::NoRule, Chinese) => "没有规则要求如此".to_owned(),
        (Why::NoRule, English) => "no rule asks for it".to_owned(),
    }
}

/// How much moved.
pub(super) fn moves(language: Language, lineage: &Lineage) -> String {
    let Lineage { moved, moved_weight, new_unit_count, gone_unit_count, .. } = lineage;
    let count = moved.len();
    match language {
        Chinese => format!(
            "移动 {count} 个单元，权重合计 {moved_weight}；新增单元 {new_unit_count} 个，撤销单元 {gone_unit_count} 个。"
        ),
        English => format!(
            "Units moved: {count}, weighing {moved_weight}; new: {new_unit_count}; gone: {gone_unit_count}."
        ),
    }
}
