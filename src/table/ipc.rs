//! A table as bytes and back: an Arrow IPC stream, of this version's columns only.

use std::panic::{self, AssertUnwindSafe};

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, FieldRef, Fields, SchemaRef};

use super::causes::Causes;
use super::column::{Column, Table, columns};
use super::connections::Connections;
use super::doc::Reference;
use super::files::Files;
use super::interfaces::Interfaces;
use super::issues::Issues;
use super::ledger::Ledger;
use super::names::Names;
use super::packets::Packets;
use super::teardowns::Teardowns;
use crate::base::error::Error;
use crate::base::guard;
use crate::base::text::printable;

/// The end of a stream: without it, one that is cut between two batches looks whole.
const END: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// The bytes of a table. Of a slice only its rows are among them.
///
/// # Errors
/// [`Error::Memory`], or a broken promise of this crate.
pub fn write(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Vec<u8>, Error> {
    // A vector that grows holds the bytes twice for a moment.
    let size: usize = batches.iter().map(RecordBatch::get_array_memory_size).sum();
    guard::room(size.saturating_mul(3))?;
    let broken = |error: ArrowError| Error::Internal(error.to_string());
    let mut writer = StreamWriter::try_new(Vec::new(), schema).map_err(broken)?;
    batches.iter().try_for_each(|batch| writer.write(batch)).map_err(broken)?;
    writer.into_inner().map_err(broken)
}

/// The table of this name that [`write`] made bytes of; they may be anything.
///
/// # Errors
/// [`Error::Argument`] where they are not such a table.
pub fn read(name: &str, octets: Vec<u8>) -> Result<(SchemaRef, Vec<RecordBatch>), Error> {
    let known = printable(name);
    let fields = fields(name).ok_or_else(|| Error::Argument(format!("no table {known:?}")))?;
    let other = |reason: &str| {
        Error::Argument(format!("these bytes are no table {known:?}: {}", printable(reason)))
    };
    if !octets.ends_with(&END) {
        return Err(other("they are cut"));
    }
    guard::room(octets.len())?;
    let mut buffer = Buffer::from_vec(octets);
    let mut stream = StreamDecoder::new();
    let mut batches = Vec::new();
    loop {
        // Arrow checks what it reads, and may still panic where the bytes lie: their fault here.
        let decoded = panic::catch_unwind(AssertUnwindSafe(|| stream.decode(&mut buffer)));
        match decoded.map_err(|_| other("they cannot be decoded"))? {
            Ok(Some(batch)) => batches.push(batch),
            Ok(None) => break,
            Err(error) => return Err(other(&error.to_string())),
        }
    }
    stream.finish().map_err(|error| other(&error.to_string()))?;
    match stream.schema() {
        // All, or those that were asked for.
        Some(schema)
            if *schema.fields() == fields
                || chosen(name) && are_some_of(schema.fields(), &fields) =>
        {
            Ok((schema, batches))
        }
        Some(_) => Err(other("the columns are not those of this version")),
        None => Err(other("there are none")),
    }
}

/// Whether columns of the table of this name can be asked for.
fn chosen(name: &str) -> bool {
    [Connections::NAME, Teardowns::NAME].contains(&name)
}

/// Whether these are columns of a table, each once.
fn are_some_of(some: &Fields, all: &Fields) -> bool {
    let known = |field: &FieldRef| all.find(field.name()).is_some_and(|(_, own)| own == field);
    let once = |(at, field): (usize, &FieldRef)| {
        some.iter().take(at).all(|other| other.name() != field.name())
    };
    some.iter().all(known) && some.iter().enumerate().all(once)
}

/// The columns of the table of this name.
fn fields(name: &str) -> Option<Fields> {
    fn of<T: Table>() -> (&'static str, fn() -> Fields) {
        (T::NAME, || columns::<T>().map(Column::field).collect())
    }
    let known = [
        of::<Connections>(),
        of::<Teardowns>(),
        of::<Ledger>(),
        of::<Interfaces>(),
        of::<Issues>(),
        of::<Files>(),
        of::<Names>(),
        of::<Packets>(),
        of::<Causes>(),
        of::<Reference>(),
    ];
    known.iter().find(|(known, _)| *known == name).map(|(_, fields)| fields())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use arrow_array::RecordBatch;
    use arrow_schema::{FieldRef, Schema};

    use super::{fields, read, write};
    use crate::table::causes::Causes;
    use crate::table::export::{Format, to};
    use crate::table::{Made, make};

    fn causes() -> Made {
        make::<Causes>(crate::cause::RULES, HashMap::from([("how".into(), "so".into())])).unwrap()
    }

    #[test]
    fn a_table_comes_back_with_its_metadata() {
        let made = causes();
        let (schema, batches) =
            read("causes", write(&made.schema, &made.batches).unwrap()).unwrap();
        assert_eq!(schema, made.schema);
        assert_eq!(batches, made.batches);
    }

    #[test]
    fn a_slice_comes_back_as_its_rows() {
        let made = causes();
        let slice = [made.batches[0].slice(3, 2)];
        let octets = write(&made.schema, &slice).unwrap();
        assert_eq!(read("causes", octets).unwrap().1, slice);
    }

    #[test]
    fn columns_that_were_asked_for_come_back_and_no_others() {
        let fields = fields("teardowns").unwrap();
        let read = |name, fields: Vec<FieldRef>| {
            let schema = std::sync::Arc::new(Schema::new(fields));
            let batch = RecordBatch::new_empty(std::sync::Arc::clone(&schema));
            read(name, write(&schema, &[batch]).unwrap()).map(|(read, _)| assert_eq!(read, schema))
        };
        let [first, second] = [0, 3].map(|at| std::sync::Arc::clone(&fields[at]));
        assert!(read("teardowns", vec![second.clone(), first.clone()]).is_ok());
        assert!(read("teardowns", Vec::new()).is_ok());
        assert!(read("teardowns", vec![first.clone(), first.clone()]).is_err());
        assert!(read("connections", vec![second.clone()]).is_err());
        assert!(read("ledger", vec![first.clone()]).is_err());
        let other = first.as_ref().clone().with_nullable(true);
        assert!(read("teardowns", vec![std::sync::Arc::new(other)]).is_err());
    }

    #[test]
    fn another_table_is_refused_and_a_table_without_rows_is_not() {
        let made = causes();
        let octets = write(&made.schema, &made.batches).unwrap();
        let told = |name| read(name, octets.clone()).unwrap_err().to_string();
        assert!(told("columns").contains("the columns are not those of this version"));
        assert!(told("pictures").contains("no table \"pictures\""));
        let empty = [made.batches[0].slice(0, 0)];
        assert!(read("causes", write(&made.schema, &empty).unwrap()).is_ok());
    }

    #[test]
    fn no_prefix_is_a_table_and_changed_octets_are_one_or_an_error() {
        let made = causes();
        let octets = write(&made.schema, &made.batches).unwrap();
        for end in (0..octets.len()).step_by(8) {
            assert!(read("causes", octets[..end].to_vec()).is_err(), "{end}");
        }
        for at in (0..octets.len()).step_by(octets.len() / 500) {
            for bits in [0x81, 0xff] {
                let mut changed = octets.clone();
                changed[at] ^= bits;
                if let Ok((schema, batches)) = read("causes", changed) {
                    assert_eq!(*schema.fields(), fields("causes").unwrap());
                    for batch in batches {
                        let rows = &mut std::iter::once(Ok(batch));
                        let sink = &mut std::io::sink();
                        to(sink, Format::JsonLines, &schema, rows, &|| true).unwrap();
                    }
                }
            }
        }
    }
}
