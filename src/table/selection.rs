//! Which columns are made: those that were asked for, in their order.

use super::column::{Column, Table, columns};
use super::connections::Connections;
use super::teardowns::Teardowns;
use crate::base::error::Error;
use crate::base::text::printable;

/// Columns of one table, in order; all of them unless some are named.
#[derive(Clone, Debug, Default)]
pub struct Selection(Option<Vec<&'static str>>);

impl Selection {
    /// The columns of these names.
    ///
    /// # Errors
    /// [`Error::Argument`] for a name that no column has, and for one that is given twice.
    pub fn of<T: Table>(names: &[String]) -> Result<Self, Error> {
        let mut chosen: Vec<&'static str> = Vec::new();
        for name in names {
            let refused = |what: &str| {
                Error::Argument(format!("{} has column {:?} {what}", T::NAME, printable(name)))
            };
            let found = columns::<T>().find(|column| column.name == name);
            let found = found.ok_or_else(|| refused("not at all"))?;
            if chosen.contains(&found.name) {
                return Err(refused("once, and it is asked for twice"));
            }
            chosen.push(found.name);
        }
        Ok(Self(Some(chosen)))
    }

    /// The same and, behind them, those of these names that are not among them.
    #[must_use]
    pub fn with(&self, names: &[&'static str]) -> Self {
        Self(self.0.as_ref().map(|chosen| {
            let others = names.iter().filter(|name| !chosen.contains(name));
            chosen.iter().chain(others).copied().collect()
        }))
    }

    /// The names, where some are named.
    pub fn names(&self) -> Option<&[&'static str]> {
        self.0.as_deref()
    }

    /// Whether nothing is asked of the table.
    pub fn is_nothing(&self) -> bool {
        self.names().is_some_and(<[_]>::is_empty)
    }

    /// The columns themselves.
    pub fn columns<T: Table>(&self) -> Vec<&'static Column<T>> {
        let Some(names) = self.names() else { return columns::<T>().collect() };
        let of = |name: &&str| columns::<T>().find(|column| column.name == *name);
        names.iter().filter_map(of).collect()
    }

    /// Whether one of them tells a verdict.
    pub fn is_judged<T: Table>(&self) -> bool {
        self.columns::<T>().iter().any(|column| column.judged)
    }
}

/// The columns of both tables of connections. What is not among them is not worked out.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// Of the connections.
    pub connections: Selection,
    /// Of their FIN and RST segments.
    pub teardowns: Selection,
}

impl Columns {
    /// Whether anything is judged.
    pub fn are_judged(&self) -> bool {
        self.connections.is_judged::<Connections>() || self.teardowns.is_judged::<Teardowns>()
    }
}

#[cfg(test)]
mod tests {
    use super::{Columns, Connections, Selection, Teardowns};
    use crate::table::Table;
    use crate::table::connections::KEPT;

    fn selection<T: Table>(names: &[&str]) -> Result<Selection, String> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        Selection::of::<T>(&names).map_err(|error| error.to_string())
    }

    #[test]
    fn columns_are_in_the_order_in_which_they_were_asked_for() {
        let chosen = selection::<Connections>(&["cause", "client_ip"]).unwrap();
        let names = |of: &Selection| of.columns::<Connections>().iter().map(|c| c.name).collect();
        let found: Vec<&str> = names(&chosen);
        assert_eq!(found, ["cause", "client_ip"]);
        let with: Vec<&str> = names(&chosen.with(&["client_ip", "end"]));
        assert_eq!(with, ["cause", "client_ip", "end"]);
        let kept: Vec<&str> = names(&selection::<Connections>(&[]).unwrap().with(KEPT));
        assert_eq!(kept, KEPT);
        let all: Vec<&str> = names(&Selection::default().with(KEPT));
        assert!(all.len() > KEPT.len() && all[0] == "connection_id");
    }

    #[test]
    fn an_unknown_column_and_one_that_is_asked_for_twice_are_refused() {
        let told = |names: &[&str]| selection::<Teardowns>(names).unwrap_err();
        assert_eq!(told(&["client_ip"]), "teardowns has column \"client_ip\" not at all");
        assert!(told(&["packet", "packet"]).ends_with("asked for twice"));
    }

    #[test]
    fn only_what_tells_a_verdict_is_judged() {
        let connections = selection::<Connections>(&["ending", "client_ip"]).unwrap();
        let nothing = selection::<Teardowns>(&[]).unwrap();
        assert!(nothing.is_nothing() && !connections.is_nothing());
        let mut columns = Columns { connections, teardowns: nothing };
        assert!(!columns.are_judged());
        columns.teardowns = selection::<Teardowns>(&["injection_score"]).unwrap();
        assert!(columns.are_judged());
        assert!(Columns::default().are_judged());
        assert!(!selection::<Connections>(KEPT).unwrap().is_judged::<Connections>());
    }
}
