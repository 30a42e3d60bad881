//! What rows refer to by number.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};

use super::text::{TEXT_OCTETS, cut};
use crate::capture::{FileSummary, Interface};
use crate::packet::{Path, PathId};

/// Names by numbers, of which several may have the same.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Each once, in the order of the numbers.
    distinct: Vec<String>,
    /// The place of each number's name among them.
    places: Vec<usize>,
    /// The number of the first of these, and numbers before it with their places, in order.
    first: u32,
    before: Vec<(u32, usize)>,
}

impl Names {
    fn of<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut known = HashMap::new();
        let mut all = Self::default();
        for name in names {
            let name = cut(name, TEXT_OCTETS);
            let place = *known.entry(name).or_insert_with(|| {
                all.distinct.push(name.to_owned());
                all.distinct.len() - 1
            });
            all.places.push(place);
        }
        all
    }

    /// The same behind others.
    fn behind(self, earlier: &Earlier) -> Self {
        let before = earlier.names.iter().map(|(_, name)| name);
        let own = self.places.iter().filter_map(|&place| self.distinct.get(place));
        let Self { distinct, mut places, .. } = Self::of(before.chain(own).map(String::as_str));
        let own = places.split_off(earlier.names.len());
        let before = earlier.names.iter().map(|(number, _)| *number).zip(places).collect();
        Self { distinct, places: own, first: earlier.count, before }
    }

    /// The place of a number's name.
    pub fn place(&self, number: u32) -> Option<usize> {
        let Some(own) = number.checked_sub(self.first) else {
            let at = self.before.binary_search_by_key(&number, |(number, _)| *number).ok()?;
            return self.before.get(at).map(|(_, place)| *place);
        };
        self.places.get(usize::try_from(own).ok()?).copied()
    }

    /// The names, as a dictionary has them.
    pub fn texts(&self) -> ArrayRef {
        Arc::new(StringArray::from_iter_values(&self.distinct))
    }

    fn get(&self, number: u32) -> Option<&str> {
        self.distinct.get(self.place(number)?).map(String::as_str)
    }
}

/// Texts of files, interfaces and paths, by their numbers.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    files: Names,
    interfaces: Names,
    paths: Vec<Path>,
}

/// Names that were known before a reading began, as far as its rows refer to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// How many there were in all.
    pub count: u32,
    /// The number of each, in order, and its name.
    pub names: Vec<(u32, String)>,
}

impl Earlier {
    /// The name of a number, where it is one of them.
    fn get(&self, index: u32) -> Option<&String> {
        let at = self.names.binary_search_by_key(&index, |(index, _)| *index).ok()?;
        self.names.get(at).map(|(_, name)| name)
    }

    /// The names of these numbers, of which the later ones are those of `own`, for who comes next.
    pub fn of(
        &self,
        referred: impl IntoIterator<Item = u32>,
        own: impl Fn(u32) -> Option<String>,
    ) -> Vec<(u32, String)> {
        let name = |index: u32| match index.checked_sub(self.count) {
            Some(own_index) => own(own_index),
            None => self.get(index).cloned(),
        };
        referred.into_iter().filter_map(|index| Some((index, name(index)?))).collect()
    }
}

impl Shared {
    /// What is known of a capture.
    pub fn new(files: &[FileSummary], interfaces: &[Interface], paths: Vec<Path>) -> Self {
        Self {
            files: Names::of(files.iter().map(|file| file.name.as_str())),
            interfaces: Names::of(interfaces.iter().map(|interface| interface.name.as_str())),
            paths,
        }
    }

    /// Names of files.
    pub fn files(&self) -> &Names {
        &self.files
    }

    /// Names of interfaces; empty where the file gives none.
    pub fn interfaces(&self) -> &Names {
        &self.interfaces
    }

    /// The same where others were read before: files, and interfaces.
    #[must_use]
    pub fn behind(self, [files, interfaces]: &[Earlier; 2]) -> Self {
        let Self { files: own_files, interfaces: own_interfaces, paths } = self;
        let (files, interfaces) = (own_files.behind(files), own_interfaces.behind(interfaces));
        Self { files, interfaces, paths }
    }

    /// A file's name.
    pub fn file(&self, index: u32) -> Option<&str> {
        self.files.get(index)
    }

    /// An interface's name, where the file gives one.
    pub fn interface(&self, index: u32) -> Option<&str> {
        self.interfaces.get(index).filter(|name| !name.is_empty())
    }

    /// A path.
    pub fn path(&self, id: PathId) -> Option<&Path> {
        self.paths.get(usize::try_from(id.0).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;

    use super::Names;

    #[test]
    fn a_name_that_several_have_is_there_once() {
        let names = Names::of(["a", "b", "a", "", "b"].into_iter());
        let places: Vec<_> = (0..6).map(|number| names.place(number)).collect();
        assert_eq!(places, [Some(0), Some(1), Some(0), Some(2), Some(1), None]);
        assert!(names.texts().as_string::<i32>().iter().eq([Some("a"), Some("b"), Some("")]));
        assert_eq!((names.get(4), names.get(9)), (Some("b"), None));
    }

    #[test]
    fn names_that_come_later_leave_the_places_of_the_others() {
        let (few, more) = (["a", "b", "a"], ["a", "b", "a", "c", "b"]);
        let (few, more) = (Names::of(few.into_iter()), Names::of(more.into_iter()));
        assert_eq!(few.places[..], more.places[..3]);
        assert_eq!(few.distinct[..], more.distinct[..2]);
    }
}
