//! Some rows of a table, as a table.

use arrow_array::{ArrayRef, RecordBatch, make_array};
use arrow_data::transform::MutableArrayData;
use arrow_schema::ArrowError;

/// The rows of these numbers, counted over all batches and ascending.
///
/// # Errors
/// Those of Arrow: errors of this crate.
pub fn pick(batches: &[RecordBatch], rows: &[u32]) -> Result<Vec<RecordBatch>, ArrowError> {
    let mut picked = Vec::new();
    let (mut begin, mut rest) = (0_usize, rows);
    for batch in batches {
        let end = begin + batch.num_rows();
        let here = rest.partition_point(|&row| (row as usize) < end);
        let (own, later) = rest.split_at(here);
        if !own.is_empty() {
            let own: Vec<usize> = own.iter().map(|&row| row as usize - begin).collect();
            let columns = batch.columns().iter().map(|column| taken(column, &own));
            picked.push(RecordBatch::try_new(batch.schema(), columns.collect::<Result<_, _>>()?)?);
        }
        (begin, rest) = (end, later);
    }
    if picked.is_empty() {
        // The words of a vocabulary travel with the rows, even with none.
        picked.extend(batches.first().map(|batch| batch.slice(0, 0)));
    }
    Ok(picked)
}

/// The values of a column in these rows, which ascend: neighbours are copied at once.
fn taken(column: &ArrayRef, rows: &[usize]) -> Result<ArrayRef, ArrowError> {
    let data = column.to_data();
    let mut values = MutableArrayData::new(vec![&data], false, rows.len());
    for run in rows.chunk_by(|one, next| one + 1 == *next) {
        if let (Some(first), Some(last)) = (run.first(), run.last()) {
            values.try_extend(0, *first, last + 1)?;
        }
    }
    Ok(make_array(values.freeze()))
}
