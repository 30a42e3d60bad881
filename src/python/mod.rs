//! The bindings: the only place that knows Python. The public package in `python/finrst` gives
//! them their names, types and documentation.

mod annotate;
mod arrow;
mod cluster;
mod convert;
mod errors;
#[cfg(feature = "failpoints")]
mod failpoints;
mod findings;
mod functions;
mod options;
mod packets;
mod pump;
mod read;
mod remote;
mod scan;
mod slices;
mod source;
mod table;
mod wait;
mod write;

use pyo3::prelude::*;

/// Native half of the package `finrst`.
#[pymodule(name = "_native")]
mod native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::annotate::Annotation;
    #[pymodule_export]
    use super::cluster::{Digesting, accounts, judged, planned, stitched, surveyed};
    #[pymodule_export]
    use super::findings::{Finder, Findings, finding_kinds};
    #[pymodule_export]
    use super::functions::{causes, columns, conversation, facts, options, parameters};
    #[pymodule_export]
    use super::packets::{capture_of_script, packets_of, packets_of_script, save_packets};
    #[pymodule_export]
    use super::pump::Feed;
    #[pymodule_export]
    use super::read::Reading;
    #[pymodule_export]
    use super::remote::{Request, Requests};
    #[pymodule_export]
    use super::scan::Scan;
    #[pymodule_export]
    use super::table::{Table, table_of};
    #[pymodule_export]
    use super::write::{Output, Sources, Writer, check_output, guarded};

    #[cfg(feature = "failpoints")]
    #[pymodule_export]
    use super::failpoints::{panic_at, panic_left, refuse_at};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::base::guard::quiet();
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
