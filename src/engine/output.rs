//! What a pass gives.

use super::Ledger;
use super::state::Carried;
use crate::base::error::Error;
use crate::base::issue::Issues;
use crate::capture::{FileSummary, Interface, Status};
use crate::cause::{Context, Parameters};
use crate::conn::{self, Counts, Rows, Tracker};
use crate::hosts::{Hosts, Origin};
use crate::packet::{Class, Path};
use crate::table::Columns;
use crate::table::shared::Earlier;

/// Everything a pass found.
pub struct Output {
    /// Connections in order of their first packets; with streaming, those not yet taken.
    pub connections: Rows,
    /// What all of them say together.
    pub context: Context,
    /// Thresholds that were used.
    pub parameters: Parameters,
    /// Columns that are asked for.
    pub columns: Columns,
    /// Packets by file and class.
    pub ledger: Ledger,
    /// Files in order of their first packets.
    pub files: Vec<FileSummary>,
    /// Interfaces over all files.
    pub interfaces: Vec<Interface>,
    /// Oddities.
    pub issues: Issues,
    /// VLANs and tunnels by [`crate::packet::PathId`].
    pub paths: Vec<Path>,
    /// What the user called addresses, and what DNS answers did.
    pub hosts: [Hosts; 2],
    /// How many connections were begun and let go.
    pub counts: Counts,
    /// Threads that may be used to judge them.
    pub threads: usize,
    /// Files and interfaces of earlier readings.
    pub before: [Earlier; 2],
    /// What went on here from an earlier reading, and what is left to a later one.
    pub carried: [Carried; 2],
}

impl Output {
    /// What a script of packets gives (see [`conn::script`]), as if it had been captured.
    ///
    /// # Errors
    /// As [`conn::script::parse`].
    pub fn of_script(script: &str) -> Result<Self, Error> {
        let mut tracker = Tracker::new(conn::Limits::default());
        let mut ledger = Ledger::default();
        for packet in conn::script::parse(script)? {
            match packet {
                conn::script::Packet::Tcp(owned) => {
                    let segment = owned.segment();
                    tracker.take(&segment, tracker.hash(&segment));
                    ledger.add(0, Class::Tcp);
                }
                conn::script::Packet::Icmp(error) => {
                    tracker.icmp(&error);
                    ledger.add(0, Class::Icmp);
                }
            }
        }
        let mut context = Context::default();
        let (counts, connections) = tracker.finish(|connections| context.add_all(connections));
        let packets = ledger.packets(0);
        let file = FileSummary {
            name: "script".to_owned(),
            format: "script",
            status: Status::Complete,
            records: packets,
            packets,
            first_time: connections.iter().map(|c| c.start).min(),
            last_time: connections.iter().map(|c| c.end).max(),
            ..FileSummary::default()
        };
        Ok(Self {
            connections,
            context,
            parameters: Parameters::default(),
            columns: Columns::default(),
            ledger,
            files: vec![file],
            interfaces: Vec::new(),
            issues: Issues::default(),
            paths: vec![Path::default()],
            hosts: [Hosts::default(), Hosts::new(Origin::Dns, 0)],
            counts,
            threads: 1,
            before: Default::default(),
            carried: Default::default(),
        })
    }
}
