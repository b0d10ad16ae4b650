#if Secure
    /// Where certificates or a private key come from, in PEM form. It is read once, when the provider or signer is made.
    ///
    /// Describes itself without the text.
    public enum PEMSource: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
        CustomReflectable
    {
        /// A file.
        case file(String)
        /// An environment variable that holds the text itself.
        case environment(String)
        /// The text itself.
        case text(String)

        /// For people: the file or variable, never what is in it.
        public var description: String {
            switch self {
            case .file(let path): "the file \(path)"
            case .environment(let name): "the environment variable \(name)"
            case .text: "the text given"
            }
        }
        public var debugDescription: String { description }
        public var customMirror: Mirror { Mirror(self, children: ["source": description]) }
    }
#endif
