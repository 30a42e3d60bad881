//! Oddities of a capture: every one is counted, the first of each kind are kept as examples.

use std::collections::BTreeMap;

/// Examples kept for each kind in each file.
pub const EXAMPLES: u64 = 25;

/// Every kind there is.
pub const KINDS: [&str; 50] = [
    "bad_fragment",
    "block_damaged",
    "captured_longer",
    "clock_leap",
    "compressed_damaged",
    "compressed_trailing",
    "compressed_truncated",
    "context_full",
    "crowded_tuple",
    "directory_not_entered",
    "evicted",
    "file_changed",
    "files_out_of_order",
    "files_overlap",
    "fragments_evicted",
    "fragments_expired",
    "gaps_folded",
    "interface_limit",
    "io_error",
    "ip_malformed",
    "ip_truncated",
    "limit",
    "link_truncated",
    "link_type_bits",
    "many_blocks",
    "name_limit",
    "name_record_damaged",
    "not_a_capture",
    "option_damaged",
    "pcap_version",
    "record_damaged",
    "resync",
    "section_damaged",
    "section_limit",
    "statistics_backward",
    "statistics_interface",
    "tcp_malformed",
    "tcp_truncated",
    "teardowns_not_compared",
    "text_limit",
    "time_backward",
    "time_fraction",
    "time_out_of_range",
    "too_many_layers",
    "too_many_paths",
    "truncated_tail",
    "undefined_interface",
    "unreadable",
    "unsupported_link_type",
    "zero_fill",
];

/// Stands in [`Issue::file`] for an input that is no file of the capture, as what a directory
/// holds besides captures.
pub const NO_FILE: u32 = u32::MAX;

/// One row of the `issues` table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Index of the file, or [`NO_FILE`].
    pub file: u32,
    /// Offset in the (decompressed) file, where known.
    pub offset: Option<u64>,
    /// Packet number over the capture, where known.
    pub packet: Option<u64>,
    /// What kind of oddity, a word of a closed vocabulary.
    pub kind: &'static str,
    /// What exactly, already fit to print and short.
    pub detail: String,
}

/// All issues of one capture: exact counts, capped examples. What is noted of several files comes
/// in turns that depend on how their bytes arrive; by file the order does not.
#[derive(Clone, Debug, Default)]
pub struct Issues {
    counts: BTreeMap<(u32, &'static str), u64>,
    examples: BTreeMap<u32, Vec<Issue>>,
}

impl Issues {
    /// Issues as they were: how often each kind was met in each file, and the examples.
    pub fn of(
        counts: impl IntoIterator<Item = (u32, &'static str, u64)>,
        examples: impl IntoIterator<Item = Issue>,
    ) -> Self {
        let mut issues = Self::default();
        issues.counts.extend(counts.into_iter().map(|(file, kind, count)| ((file, kind), count)));
        for issue in examples {
            issues.examples.entry(issue.file).or_default().push(issue);
        }
        issues
    }

    /// Counts an oddity; `detail` is only asked for while examples of its kind are still kept.
    pub fn add(
        &mut self,
        file: u32,
        offset: Option<u64>,
        packet: Option<u64>,
        kind: &'static str,
        detail: impl FnOnce() -> String,
    ) {
        debug_assert!(KINDS.contains(&kind), "{kind} is not among the kinds of issues");
        let count = self.counts.entry((file, kind)).or_insert(0);
        *count += 1;
        if *count <= EXAMPLES {
            let detail = crate::base::text::printable(&detail());
            let issue = Issue { file, offset, packet, kind, detail };
            self.examples.entry(file).or_default().push(issue);
        }
    }

    /// Counts `times` oddities that share one example.
    pub fn add_many(
        &mut self,
        file: u32,
        kind: &'static str,
        times: u64,
        detail: impl FnOnce() -> String,
    ) {
        if times > 0 {
            self.add(file, None, None, kind, detail);
            if let Some(count) = self.counts.get_mut(&(file, kind)) {
                *count = count.saturating_add(times - 1);
            }
        }
    }

    /// How often each kind was met in each file.
    pub fn counts(&self) -> impl Iterator<Item = (u32, &'static str, u64)> + '_ {
        self.counts.iter().map(|(&(file, kind), &count)| (file, kind, count))
    }

    /// How often one kind was met over all files.
    pub fn count(&self, kind: &str) -> u64 {
        self.counts().filter(|&(_, k, _)| k == kind).map(|(_, _, n)| n).sum()
    }

    /// The examples, file by file, each file's in the order in which they were met.
    pub fn examples(&self) -> Vec<&Issue> {
        self.examples.values().flatten().collect()
    }

    /// The same, its files by other numbers.
    #[must_use]
    pub fn in_files(&self, file: impl Fn(u32) -> u32) -> Self {
        let counts = self.counts.iter().map(|(&(of, kind), &count)| ((file(of), kind), count));
        let mut examples: BTreeMap<u32, Vec<Issue>> = BTreeMap::new();
        for (&of, known) in &self.examples {
            let known = known.iter().map(|issue| Issue { file: file(of), ..issue.clone() });
            examples.entry(file(of)).or_default().extend(known);
        }
        Self { counts: counts.collect(), examples }
    }

    /// The same, its packets by other numbers.
    #[must_use]
    pub fn with_packets(mut self, number: impl Fn(u64) -> u64) -> Self {
        for issue in self.examples.values_mut().flatten() {
            issue.packet = issue.packet.map(&number);
        }
        self
    }

    /// Puts the examples of each file in the order of their packets, and keeps the first of each
    /// kind: what was noted of one file by several comes into the order in which one had met it.
    pub fn sort(&mut self) {
        for examples in self.examples.values_mut() {
            examples.sort_by_key(|issue| issue.packet.unwrap_or(u64::MAX));
            let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
            examples.retain(|issue| {
                let count = counts.entry(issue.kind).or_default();
                *count += 1;
                *count <= EXAMPLES
            });
        }
    }

    /// Counts more of a kind, of which examples are known: how often it was met in all.
    pub fn count_all(&mut self, file: u32, kind: &'static str, count: u64) {
        self.counts.insert((file, kind), count);
    }

    /// Takes out all of some kinds.
    pub fn forget(&mut self, kinds: &[&str]) {
        self.counts.retain(|(_, kind), _| !kinds.contains(kind));
        for examples in self.examples.values_mut() {
            examples.retain(|issue| !kinds.contains(&issue.kind));
        }
    }

    /// Takes over everything another log holds.
    pub fn absorb(&mut self, other: Self) {
        for ((file, kind), count) in other.counts {
            *self.counts.entry((file, kind)).or_insert(0) += count;
        }
        for (file, examples) in other.examples {
            self.examples.entry(file).or_default().extend(examples);
        }
    }
}
