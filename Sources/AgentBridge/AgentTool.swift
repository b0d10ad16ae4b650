/// Something an agent can do besides talking: look up an appointment, book, transfer.
public struct AgentTool: Sendable {
    /// One named argument, as it is described to a language model.
    public struct Parameter: Hashable, Sendable, Codable {
        public enum Need: String, Hashable, Sendable, Codable { case required, optional }

        public var name: String
        public var description: String
        public var need: Need

        public init(_ name: String, description: String, need: Need = .required) {
            self.name = name
            self.description = description
            self.need = need
        }
    }

    /// Unique among the tools of an agent; `a-z`, `0-9` and `_` travel everywhere.
    public var name: String
    /// One sentence on what it does and when to use it.
    public var description: String
    public var parameters: [Parameter]
    /// Longest time a call of it may take.
    public var timeout: Duration
    /// Does it. Runs beside the conversation and is cancelled at the time-out and at the end of the call.
    public var perform: @Sendable (_ arguments: [String: String]) async throws -> String

    /// - Parameter timeout: More than zero; 10 s unless given.
    public init(
        name: String, description: String, parameters: [Parameter] = [], timeout: Duration = .seconds(10),
        perform: @escaping @Sendable (_ arguments: [String: String]) async throws -> String
    ) {
        self.name = name
        self.description = description
        self.parameters = parameters
        self.timeout = timeout
        self.perform = perform
    }
}
