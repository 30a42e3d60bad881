//! What a file that takes the place of another one keeps of it: its mode, and whose it is.

#[cfg(unix)]
pub(super) use unix::{keep, open};

#[cfg(not(unix))]
pub use elsewhere::{keep, open};

#[cfg(unix)]
mod unix {
    use std::fs::{File, Metadata, OpenOptions, Permissions};
    use std::io;
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
    use std::path::Path;

    /// Makes a file that is not there yet; nobody else may look into what is to replace another one.
    pub(crate) fn open(path: &Path, old: Option<&Metadata>) -> io::Result<File> {
        let mode = if old.is_some() { 0o600 } else { 0o666 };
        OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
    }

    /// Gives a file the mode, group and owner of the one that it will replace, as far as the system
    /// lets us, and tells what it did not. Nobody may do with it what was denied before; bits that
    /// change who a program runs as go, as whenever a file is written to.
    pub(crate) fn keep(file: &File, old: &Metadata) -> io::Result<Option<&'static str>> {
        let new = file.metadata()?;
        let given = |same: bool, owner: Option<u32>, group: Option<u32>| {
            same || fchown(file, owner, group).is_ok()
        };
        let group = given(new.gid() == old.gid(), None, Some(old.gid()));
        // The mode while the file is still ours to change.
        let owner = new.uid() == old.uid();
        file.set_permissions(Permissions::from_mode(allowed(old.mode(), owner, group)))?;
        let owner = given(owner, Some(old.uid()), None);
        if owner {
            file.set_permissions(Permissions::from_mode(allowed(old.mode(), true, group)))?;
        }
        Ok(match (owner, group) {
            (true, true) => None,
            (false, true) => Some("owner"),
            (true, false) => Some("group"),
            (false, false) => Some("owner and group"),
        })
    }

    /// The old mode without what others would gain where owner or group are new: those who lose
    /// their place are others now, and some of the others are in the new group.
    fn allowed(mode: u32, owner: bool, group: bool) -> u32 {
        let [u, mut g, mut o] = [mode >> 6 & 7, mode >> 3 & 7, mode & 7];
        if !group {
            (g, o) = (g & o, g & o);
        }
        if !owner {
            (g, o) = (g & u, o & u);
        }
        u << 6 | g << 3 | o
    }

    #[cfg(test)]
    mod tests {
        use super::allowed;

        #[test]
        fn a_mode_is_kept_where_owner_and_group_are() {
            for mode in 0..=0o777 {
                assert_eq!(allowed(mode, true, true), mode);
                assert_eq!(allowed(0o7000 | mode, true, true), mode);
            }
        }

        #[test]
        fn a_new_group_may_do_what_everybody_might() {
            for (mode, kept) in [(0o640, 0o600), (0o664, 0o644), (0o604, 0o600), (0o777, 0o777)] {
                assert_eq!(allowed(mode, true, false), kept, "{mode:o}");
            }
        }

        #[test]
        fn the_owner_of_before_may_do_no_more_than_before() {
            for (mode, kept) in [(0o640, 0o640), (0o077, 0o000), (0o466, 0o444)] {
                assert_eq!(allowed(mode, false, true), kept, "{mode:o}");
            }
        }
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use std::fs::{File, Metadata, OpenOptions};
    use std::io;
    use std::path::Path;

    /// Makes a file that is not there yet.
    pub fn open(path: &Path, _: Option<&Metadata>) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(path)
    }

    /// Files have no mode here.
    pub fn keep(_: &File, _: &Metadata) -> io::Result<Option<&'static str>> {
        Ok(None)
    }
}
