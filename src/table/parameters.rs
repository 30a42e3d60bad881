//! The reference of the thresholds: a table of them.

use super::column::{Column, Group, Table, text};

type Kind = super::column::Kind<ParametersReference>;

/// The table.
pub enum ParametersReference {}

impl Table for ParametersReference {
    const NAME: &'static str = "parameters";
    /// Name, default and meaning, as [`crate::cause::Parameters::list`] gives them.
    type Row<'a> = (&'static str, f64, &'static str);
    const GROUPS: &'static [Group<Self>] = &[Group { title: "Threshold", columns: COLUMNS }];
}

const COLUMNS: &[Column<ParametersReference>] = &[
    Column::required("name", "", "Its name.", Kind::Text(|row, out| text(row.0, out))),
    Column::required("default", "", "Its default.", Kind::float64(&|row| Some(row.1))),
    Column::optional(
        "unit",
        "",
        "Its unit.",
        Kind::Text(|row, out| row.0.ends_with("_s").then(|| out.push('s'))),
    ),
    Column::required("doc", "", "Its meaning.", Kind::Text(|row, out| text(row.2, out))),
];
