//! What is odd about several files read as one: the order in which they were named, and times that
//! they share.

use super::leaps::seconds;
use super::summary::FileSummary;
use crate::base::issue::Issues;

/// Where a file was named, if it was named itself and not merely the place where it lies.
pub(super) type Rank = Option<usize>;

/// Reports files that were named behind one whose packets are later. Files are in order of time.
pub fn report_order(ranks: &[Rank], files: &[FileSummary], issues: &mut Issues) {
    for (index, (pair, names)) in (1..).zip(ranks.windows(2).zip(files.windows(2))) {
        let ([Some(before), Some(this)], [earlier, _]) = (pair, names) else { continue };
        if this < before {
            issues.add(index, None, None, "files_out_of_order", || {
                format!("named before {}, but begins after it; read in order of time", earlier.name)
            });
        }
    }
}

/// Reports files that begin before an earlier one ends, each with the one that lasts longest.
pub fn report_overlaps(files: &[FileSummary], issues: &mut Issues) {
    let mut spans: Vec<(i64, i64, u32)> = (0..)
        .zip(files)
        .filter_map(|(index, file)| Some((file.first_time?, file.last_time?, index)))
        .collect();
    spans.sort_unstable();
    let mut longest: Option<(i64, u32)> = None;
    for (first, last, index) in spans {
        if let Some((end, other)) = longest.filter(|&(end, _)| first < end) {
            issues.add(index, None, None, "files_overlap", || {
                let name = files.get(other as usize).map_or("", |file| &file.name);
                format!("shares {} s with {name}", seconds(end.min(last).abs_diff(first)))
            });
        }
        if longest.is_none_or(|(end, _)| end < last) {
            longest = Some((last, index));
        }
    }
}
