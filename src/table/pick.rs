//! Some rows of a table, as a table.

use arrow_array::{RecordBatch, UInt64Array};
use arrow_schema::ArrowError;

/// The rows of these numbers, counted over all batches and ascending.
///
/// # Errors
/// Those of Arrow: errors of this crate.
pub fn pick(batches: &[RecordBatch], rows: &[u32]) -> Result<Vec<RecordBatch>, ArrowError> {
    let mut picked = Vec::new();
    let (mut begin, mut rest) = (0_u64, rows);
    for batch in batches {
        let end = begin + batch.num_rows() as u64;
        let here = rest.partition_point(|&row| u64::from(row) < end);
        let (own, later) = rest.split_at(here);
        if !own.is_empty() {
            let own = own.iter().map(|&row| u64::from(row).saturating_sub(begin));
            let own = UInt64Array::from_iter_values(own);
            picked.push(arrow_select::take::take_record_batch(batch, &own)?);
        }
        (begin, rest) = (end, later);
    }
    if picked.is_empty() {
        // The words of a vocabulary travel with the rows, even with none.
        picked.extend(batches.first().map(|batch| batch.slice(0, 0)));
    }
    Ok(picked)
}
