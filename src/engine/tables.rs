//! What a pass over a capture found, judged, as tables.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::judge::Judge;
use super::{Ledger as Packets, OPTIONS, Options, Output, Slot};
use crate::base::error::Error;
use crate::base::issue;
use crate::capture::{FileSummary, Interface};
use crate::cause::RULE_SET;
use crate::hosts::{self, Host, Hosts, Origin};
use crate::packet::Class;
use crate::table::connections::KEPT;
use crate::table::files::Files;
use crate::table::interfaces::{InterfaceRow, Interfaces};
use crate::table::issues::{self, Issues};
use crate::table::ledger::{Ledger, LedgerRow};
use crate::table::names::Names;
use crate::table::shared::Shared;
use crate::table::{Made, make};

/// Changes whenever a column is renamed, removed or changes its meaning.
pub const SCHEMA_VERSION: &str = "3";

/// Texts that go into every schema: how the rows were made.
pub type Metadata = HashMap<String, String>;

/// Versions, thresholds of the causes and deadlines.
pub fn metadata(options: &Options) -> Metadata {
    let mut parameters = String::from("{");
    for (name, value, _) in options.parameters.list() {
        let _ = write!(parameters, "\"{name}\":{value},");
    }
    let mut deadlines = String::from("{");
    let mut options = options.clone();
    for declared in OPTIONS {
        if let Slot::Duration(at) = declared.slot {
            let deadline = crate::conn::seconds(*at(&mut options));
            let _ = write!(deadlines, "\"{}_s\":{deadline},", declared.name);
        }
    }
    let texts = [
        ("finrst.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("finrst.schema_version", SCHEMA_VERSION.to_owned()),
        ("finrst.rule_set", RULE_SET.to_owned()),
        ("finrst.parameters", closed(parameters)),
        ("finrst.deadlines", closed(deadlines)),
    ];
    texts.into_iter().map(|(key, text)| (key.to_owned(), text)).collect()
}

fn closed(mut object: String) -> String {
    object.truncate(object.trim_end_matches(',').len());
    object.push('}');
    object
}

/// The name of what is kept of connections beside the columns that were asked for.
pub(super) const KEPT_NAME: &str = "kept";

/// All tables of a pass, and where columns were asked for a last one of what is kept beside them.
/// `proceed` is asked before each batch of rows.
///
/// # Errors
/// [`Error::Cancelled`], or a broken promise of this crate.
pub fn tables(
    mut output: Output,
    metadata: &Metadata,
    proceed: &dyn Fn() -> bool,
) -> Result<Vec<Made>, Error> {
    let connections = std::mem::take(&mut output.connections);
    let asked = output.columns.connections.clone();
    output.columns.connections = asked.with(KEPT);
    let shared = Shared::new(&output.files, &output.interfaces, output.paths.clone());
    let all = shared.clone().behind(&output.before);
    let judge = Judge::at_the_end(&output);
    let teardowns = judge.teardowns(&connections, &all, metadata, proceed)?;
    let connections = judge.connections(connections, &all, metadata, proceed)?;
    let kept = asked.names().map(|names| Ok((connections.only(names)?, connections.only(KEPT)?)));
    let (connections, kept) = match kept.transpose()? {
        Some((shown, kept)) => (shown, Some(Made { name: KEPT_NAME, ..kept })),
        None => (connections, None),
    };
    let mut made = vec![connections, teardowns];
    made.extend(Accounts::of(&output).tables(&shared, metadata)?);
    made.extend(kept);
    Ok(made)
}

/// What is known of the capture itself.
pub(super) struct Accounts<'a> {
    pub ledger: &'a Packets,
    pub files: &'a [FileSummary],
    pub interfaces: &'a [Interface],
    pub issues: &'a issue::Issues,
    /// What the user said, and what DNS answers did.
    pub hosts: [&'a Hosts; 2],
}

impl<'a> Accounts<'a> {
    pub(super) fn of(output: &'a Output) -> Self {
        let Output { ledger, files, interfaces, issues, hosts, .. } = output;
        Self { ledger, files, interfaces, issues, hosts: hosts.each_ref() }
    }

    pub(super) fn tables(&self, shared: &Shared, metadata: &Metadata) -> Result<[Made; 5], Error> {
        let mut ledger = Vec::new();
        for (index, file) in (0..).zip(self.files) {
            for class in Class::ALL {
                let packets = self.ledger.of(index, class);
                if packets > 0 {
                    ledger.push(LedgerRow { file: &file.name, class, packets });
                }
            }
        }
        let mut interfaces: Vec<_> =
            self.interfaces.iter().map(|interface| InterfaceRow { interface, shared }).collect();
        // They are met in turns that depend on how the bytes of several files arrive.
        interfaces.sort_by_key(|row| row.interface.file);
        let files: Vec<_> = self.files.iter().collect();
        // Blocks too come in such turns, and files of one capture bring the same names again.
        let mut blocks = Hosts::new(Origin::Block, hosts::MOST);
        self.files.iter().for_each(|file| blocks.absorb(&file.hosts));
        let names: Vec<&Host> =
            self.hosts.into_iter().chain([&blocks]).flat_map(Hosts::rows).collect();
        Ok([
            make::<Ledger>(&ledger, metadata.clone())?,
            make::<Interfaces>(&interfaces, metadata.clone())?,
            make::<Issues>(&issues::rows(self.issues, shared), metadata.clone())?,
            make::<Files>(&files, metadata.clone())?,
            make::<Names>(&names, metadata.clone())?,
        ])
    }
}
