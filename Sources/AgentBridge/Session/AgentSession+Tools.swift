internal import Telephony

// Tools run beside the conversation, in the session's own task group, so that one that hangs cannot hold the agent up.
extension AgentSession {
    /// Calls a tool and waits for its result while the call goes on.
    ///
    /// A tool that ignores its cancellation is left behind at its time-out; it then holds back the call's record, never
    /// the call.
    ///
    /// - Throws: ``AgentError/unknownTool(_:)``, ``AgentError/missingArgument(tool:argument:)``,
    ///   ``AgentError/toolTimedOut(_:)``, ``AgentError/toolFailed(_:error:)``, ``CallError/Code/ended``,
    ///   `CancellationError`.
    public func callTool(_ name: String, _ arguments: [String: String] = [:]) async throws -> String {
        guard let tool = tools.first(where: { $0.name == name }) else { throw AgentError.unknownTool(name) }
        for parameter in tool.parameters where parameter.need == .required && arguments[parameter.name] == nil
        {
            throw AgentError.missingArgument(tool: name, argument: parameter.name)
        }
        let id = update { state in
            state.nextToolID += 1
            state.toolRequests.append(
                SessionState.ToolRequest(id: state.nextToolID, tool: tool, arguments: arguments))
            state.boards.state.version += 1
            return state.nextToolID
        }
        let result = try await withTimeout(tool.timeout) { session in
            try await session.wait(on: .state) { state in
                state.toolResults.firstIndex { $0.id == id }.map { state.toolResults.remove(at: $0).result }
            }
        }
        guard let result else {
            update { $0.abandonedTools.append(id) }
            throw AgentError.toolTimedOut(name)
        }
        return try result.get()
    }

    /// Runs what ``callTool(_:_:)`` asks for, until cancelled.
    func runTools() async {
        await withDiscardingTaskGroup { group in
            while let request = try? await wait(
                on: .state, until: { $0.toolRequests.isEmpty ? nil : $0.toolRequests.removeFirst() })
            {
                group.addTask { await self.run(request) }
            }
            group.cancelAll()
        }
    }

    private func run(_ request: SessionState.ToolRequest) async {
        let name = request.tool.name
        let result: Result<String, AgentError>
        update { $0.helpersAtWork += 1 }
        defer { update { $0.helpersAtWork -= 1 } }
        do {
            let text = try await withTimeout(request.tool.timeout) { _ in
                try await request.tool.perform(request.arguments)
            }
            result = text.map { .success($0) } ?? .failure(.toolTimedOut(name))
        } catch {
            result = .failure(.toolFailed(name, error: String(describing: type(of: error))))
        }
        update { state in
            if let index = state.abandonedTools.firstIndex(of: request.id) {
                state.abandonedTools.remove(at: index)
            } else {
                state.toolResults.append((request.id, result))
                state.boards.state.version += 1
            }
        }
    }

    /// Runs `operation` and gives up after `timeout` on the call's clock; `nil` waits for ever.
    ///
    /// - Returns: `nil` when the time passed first.
    func withTimeout<Value: Sendable>(
        _ timeout: Duration?, _ operation: @escaping @Sendable (AgentSession) async throws -> Value
    ) async throws -> Value? {
        guard let timeout else { return try await operation(self) }
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await operation(self) }
            group.addTask {
                try await self.call.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { return nil }
            group.cancelAll()
            if let first { return first }
            // A key or a frame that was taken in the very moment of the time-out is not lost.
            return (try? await group.next()) ?? nil
        }
    }
}
