#if SQLite
    import Foundation
    import Testing

    @Suite("outdial campaign, several processes on one store")
    struct CampaignCommandTests {
        private let folder: TemporaryFolder
        private let trunk: String
        private let agent: String
        private let peer: CommandLineTool.Running

        init() throws {
            folder = try TemporaryFolder()
            let port = try Stranger.freePort()
            peer = try CommandLineTool.start(["callee", "confirms", "--port", "\(port)"])
            try peer.waitForOutput("listening")
            trunk = try folder.write(
                #"{"host": "127.0.0.1", "port": \#(port), "numbers": ["+15550100"]}"#, to: "trunk.json")
            agent = try folder.write(
                #"{"steps": [{"say": "Hello."}, {"wait": {"seconds": 1}}]}"#, to: "agent.json")
        }

        private func run(_ words: [String]) throws -> CommandLineTool.Result {
            try CommandLineTool.run(["campaign"] + words + ["--store", folder.path("store.sqlite")])
        }

        private func start(csv: String, rate: Int) throws -> CommandLineTool.Running {
            let settings = try folder.write(#"{"callsPerMinute": \#(rate)}"#, to: "settings.json")
            let people = try folder.write(csv, to: "people.csv")
            return try CommandLineTool.start([
                "campaign", "run", people, "--store", folder.path("store.sqlite"), "--trunk", trunk,
                "--agent", agent,
                "--settings", settings, "--report", folder.path("report.html"),
            ])
        }

        private func identifier(_ running: CommandLineTool.Running) throws -> String {
            try running.waitForOutput("campaign c")
            let line = try #require(running.output.text.split(separator: "\n").first)
            return String(line.dropFirst("campaign ".count))
        }

        /// The runner writes its state right after it has announced it.
        private func waitForStatus(_ state: String, of id: String) throws {
            var output = ""
            for _ in 0..<50 where !output.contains(state) {
                output = try run(["status", id]).output
                usleep(50_000)
            }
            #expect(output.contains(state), "\(output)")
        }

        @Test("A CSV is dialed to its end, and the store and the report tell")
        func completes() throws {
            let running = try start(
                csv: "phone,name\n(555) 123-4501,Jane\n555-1,Bad\n(555) 123-4502,Omar\n", rate: 60)
            let id = try identifier(running)
            let result = try running.finish(limit: 60)
            #expect(result.code == 0, "\(result.errors)")
            #expect(result.output.contains("row 3 rejected"))
            let status = try run(["status", id])
            #expect(
                status.output.contains("completed") && status.output.contains("2 recipients: 2 completed"))
            #expect(try run(["list"]).output.contains(id))
            let page = try String(contentsOfFile: folder.path("report.html"), encoding: .utf8)
            #expect(page.contains("<svg") && page.contains("</html>"))
            #expect(try run(["pause", id]).code == 1, "a campaign that is over cannot be paused")
        }

        @Test("Another process pauses, resumes and cancels a running campaign")
        func steering() throws {
            let rows = (10..<40).map { "(555) 123-45\($0),N\($0)" }.joined(separator: "\n")
            let running = try start(csv: "phone,name\n\(rows)\n", rate: 60)
            let id = try identifier(running)
            try running.waitForOutput("dialing")
            #expect(try run(["pause", id]).code == 0)
            try running.waitForOutput("pause")
            try waitForStatus("paused", of: id)
            #expect(try run(["resume", id]).code == 0)
            try running.waitForOutput("resume")
            #expect(try run(["cancel", id]).code == 0)
            let result = try running.finish(limit: 60)
            #expect(result.code == 0, "\(result.errors)")
            #expect(try run(["status", id]).output.contains("cancelled"))
        }

        @Test("A killed run is taken up again without calling anyone twice, unless a person asks for it")
        func killed() throws {
            let running = try start(csv: "phone,name\n(555) 123-4501,Jane\n(555) 123-4502,Omar\n", rate: 20)
            let id = try identifier(running)
            try running.waitForOutput("dialing")
            kill(running.process.processIdentifier, SIGKILL)
            running.process.waitUntilExit()
            let again = try CommandLineTool.run(
                [
                    "campaign", "run", id, "--store", folder.path("store.sqlite"), "--trunk", trunk,
                    "--agent", agent,
                ], limit: 60)
            #expect(again.code == 0, "\(again.errors)")
            let status = try run(["status", id])
            #expect(
                status.output.contains("1 completed") && status.output.contains("1 unknown"),
                "\(status.output)")
            #expect(try run(["requeue", id]).code == 64, "who is meant must be said")
            #expect(try run(["requeue", id, "\(id)-99"]).code == 1)
            let requeued = try run(["requeue", id, "--all-unknown"])
            #expect(requeued.code == 0 && requeued.output.contains("1 queued again"), "\(requeued.errors)")
            let last = try CommandLineTool.run(
                [
                    "campaign", "run", id, "--store", folder.path("store.sqlite"), "--trunk", trunk,
                    "--agent", agent,
                ], limit: 60)
            #expect(last.code == 0, "\(last.errors)")
            #expect(try run(["status", id]).output.contains("2 completed"))
        }
    }
#endif
