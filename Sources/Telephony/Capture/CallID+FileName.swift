extension CallID {
    /// The id as a file name: letters, digits, `-`, `_` and `.`; anything else, and a dot in front, becomes `_`.
    ///
    /// Callers may choose ids; a path must not come out of one. At most 120 characters.
    public var fileName: String {
        var name = ""
        for scalar in rawValue.unicodeScalars.prefix(120) {
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "-", "_": name.unicodeScalars.append(scalar)
            case "." where !name.isEmpty: name.unicodeScalars.append(scalar)
            default: name.append("_")
            }
        }
        return name.isEmpty ? "_" : name
    }
}
