#if canImport(Darwin)
    private import Darwin
#else
    private import Glibc
#endif

/// Replaces files as a whole: a reader sees the old content or the new, never a part.
enum AtomicFile {
    /// Blocks on the disk.
    ///
    /// - Throws: ``FileError``; the old file stays then.
    static func replace(_ path: String, with text: String) throws(FileError) {
        // Beside the file, since a rename does not cross file systems.
        let draft = "\(path).\(getpid()).tmp"
        do throws(FileError) {
            let file = try OwnedFile(creating: draft)
            try file.append(Array(text.utf8).span)
        } catch {
            unlink(draft)
            throw error
        }
        // Collectors run as somebody else; there is nothing about people in it.
        guard chmod(draft, 0o644) == 0, rename(draft, path) == 0 else {
            let failure = FileError.last(.write, path)
            unlink(draft)
            throw failure
        }
    }
}
