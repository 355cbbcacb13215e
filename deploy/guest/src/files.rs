//! The application's open files. There are no others: 0 to 2 are the console, 3 is the network, further ones are what
//! an event loop makes for itself.

/// How many there may be.
pub const MOST: usize = 32;

/// What a file descriptor stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// Lines for the operator.
    Console,
    /// Frames of the network device.
    Net,
    /// The one set of interests.
    Epoll,
    /// A counter (`eventfd2`) and how often it was written.
    Event {
        /// What a read returns, and resets to zero.
        value: u64,
        /// Writes so far.
        changes: u32,
    },
    /// Signals to read (`signalfd4`), or an end of a pair that is made for them. There are none, ever.
    Signals,
}

/// Why there is no such file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileError {
    /// [`MOST`] are open.
    TooMany,
    /// It is not open.
    NotOpen,
    /// It cannot be shared between two descriptors.
    NotShared,
}

/// The table of file descriptors.
#[derive(Debug)]
pub struct Files([Option<File>; MOST]);

impl Files {
    /// The console and the network.
    pub const fn new() -> Files {
        let mut files = [None; MOST];
        files[0] = Some(File::Console);
        files[1] = Some(File::Console);
        files[2] = Some(File::Console);
        files[3] = Some(File::Net);
        Files(files)
    }

    /// The file behind a descriptor.
    pub fn get(&mut self, descriptor: u64) -> Option<&mut File> {
        self.0.get_mut(usize::try_from(descriptor).ok()?)?.as_mut()
    }

    /// Whether any descriptor stands for `file`.
    pub fn has(&self, file: File) -> bool {
        self.0.contains(&Some(file))
    }

    /// Gives `file` the lowest descriptor from `lowest` on.
    pub fn open(&mut self, file: File, lowest: u64) -> Result<u64, FileError> {
        let lowest = usize::try_from(lowest).unwrap_or(MOST).min(MOST);
        let place = self.0[lowest..].iter().position(Option::is_none).ok_or(FileError::TooMany)? + lowest;
        self.0[place] = Some(file);
        Ok(place as u64)
    }

    /// A second descriptor for the same file.
    pub fn duplicate(&mut self, descriptor: u64, lowest: u64) -> Result<u64, FileError> {
        match *self.get(descriptor).ok_or(FileError::NotOpen)? {
            File::Event { .. } => Err(FileError::NotShared),
            file => self.open(file, lowest),
        }
    }

    /// Closes a descriptor.
    pub fn close(&mut self, descriptor: u64) -> Result<(), FileError> {
        self.get(descriptor).ok_or(FileError::NotOpen)?;
        self.0[descriptor as usize] = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_descriptor_is_given() {
        let mut files = Files::new();
        assert_eq!(files.open(File::Epoll, 0), Ok(4));
        assert_eq!(files.duplicate(4, 3), Ok(5));
        assert_eq!(files.close(4), Ok(()));
        assert!(files.has(File::Epoll));
        assert_eq!(files.open(File::Signals, 0), Ok(4));
        assert_eq!(files.close(9), Err(FileError::NotOpen));
        assert_eq!(files.duplicate(u64::MAX, 0), Err(FileError::NotOpen));
        assert_eq!(files.open(File::Signals, u64::MAX), Err(FileError::TooMany));
    }

    #[test]
    fn a_counter_is_not_shared() {
        let mut files = Files::new();
        let event = files.open(File::Event { value: 0, changes: 0 }, 0).unwrap();
        assert_eq!(files.duplicate(event, 0), Err(FileError::NotShared));
    }

    #[test]
    fn there_is_an_end() {
        let mut files = Files::new();
        for _ in 4..MOST {
            files.open(File::Signals, 0).unwrap();
        }
        assert_eq!(files.open(File::Signals, 0), Err(FileError::TooMany));
    }
}
