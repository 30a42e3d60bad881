//! What rows refer to by number.

use crate::packet::PathId;

/// Texts of files, interfaces and paths, by their numbers.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// File names.
    pub files: Vec<String>,
    /// Interface names; empty where the file gives none.
    pub interfaces: Vec<String>,
    /// Paths: VLANs and tunnels around a packet.
    pub paths: Vec<Path>,
}

/// One path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// Outermost VLAN tag's number.
    pub vlan: Option<u16>,
    /// Everything around the innermost IP packet, outermost first; `None` on the plain path.
    pub text: Option<String>,
}

impl Shared {
    /// A file's name.
    pub fn file(&self, index: u32) -> Option<&str> {
        self.files.get(usize::try_from(index).ok()?).map(String::as_str)
    }

    /// An interface's name.
    pub fn interface(&self, index: u32) -> Option<&str> {
        let name = self.interfaces.get(usize::try_from(index).ok()?)?;
        (!name.is_empty()).then_some(name)
    }

    /// A path.
    pub fn path(&self, id: PathId) -> Option<&Path> {
        self.paths.get(usize::try_from(id.0).ok()?)
    }
}
