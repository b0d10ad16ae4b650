#if SQLite
    private import CSQLite
    internal import CampaignKit
    internal import SansIO

    /// Sole owner of one SQLite connection.
    ///
    /// Write-ahead log and `synchronous=FULL`: what is committed survives the process and a power cut, and other processes read while we write.
    struct SQLiteDatabase: ~Copyable {
        private let handle: OpaquePointer

        private init(_ handle: OpaquePointer) { self.handle = handle }

        /// - Parameters:
        ///   - path: Created when there is no such file.
        ///   - busyTimeout: How long to wait for another process that writes.
        static func open(_ path: String, busyTimeout: Duration) throws(CampaignStoreError) -> SQLiteDatabase {
            var opened: OpaquePointer?
            let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX
            let code = sqlite3_open_v2(path, &opened, flags, nil)
            guard code == SQLITE_OK, let opened else {
                let error = error(code, opened)
                sqlite3_close_v2(opened)
                throw error
            }
            sqlite3_extended_result_codes(opened, 1)
            sqlite3_busy_timeout(opened, Int32(clamping: busyTimeout.nanoseconds / 1_000_000))
            let database = SQLiteDatabase(opened)
            try database.execute("PRAGMA foreign_keys = ON")
            try database.execute("PRAGMA journal_mode = WAL")
            try database.execute("PRAGMA synchronous = FULL")
            return database
        }

        deinit { sqlite3_close_v2(handle) }

        /// Runs statements that return no rows.
        borrowing func execute(_ sql: String) throws(CampaignStoreError) {
            let code = sqlite3_exec(handle, sql, nil, nil, nil)
            guard code == SQLITE_OK else { throw Self.error(code, handle) }
        }

        /// Lets the file grow no further than `bytes`, for this connection.
        borrowing func limitSize(toBytes bytes: Int) throws(CampaignStoreError) {
            let pageSize = try prepare("PRAGMA page_size")
            guard try pageSize.step() else { return }
            try execute("PRAGMA max_page_count = \(max(1, bytes / Int(max(512, pageSize.integer(0)))))")
        }

        borrowing func prepare(_ sql: String) throws(CampaignStoreError) -> SQLiteStatement {
            var statement: OpaquePointer?
            let code = sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
            guard code == SQLITE_OK, let statement else { throw Self.error(code, handle) }
            return SQLiteStatement(statement, of: handle)
        }

        /// Rows changed by the latest statement.
        var changes: Int { Int(sqlite3_changes(handle)) }

        /// Runs `body` in a transaction that has the right to write from its start; it happens as a whole or not at all.
        borrowing func transaction<Value>(
            _ body: (borrowing SQLiteDatabase) throws(CampaignStoreError) -> Value
        ) throws(CampaignStoreError) -> Value {
            try execute("BEGIN IMMEDIATE")
            do throws(CampaignStoreError) {
                let value = try body(self)
                try execute("COMMIT")
                return value
            } catch {
                // Some failures have rolled back already; then this one fails and does not matter.
                try? execute("ROLLBACK")
                throw error
            }
        }

        /// The typed form of a result code.
        static func error(_ code: Int32, _ handle: OpaquePointer?) -> CampaignStoreError {
            let text =
                handle.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) }
                ?? String(cString: sqlite3_errstr(code))
            switch code & 0xFF {
            case SQLITE_FULL:
                return CampaignStoreError(.full, "the disk is full: make room, then run the campaign again")
            case SQLITE_BUSY, SQLITE_LOCKED:
                return CampaignStoreError(.locked, "the campaign database is locked by another process")
            case SQLITE_READONLY:
                return CampaignStoreError(.readOnly, "the campaign database cannot be written: \(text)")
            case SQLITE_CORRUPT, SQLITE_NOTADB:
                return CampaignStoreError(.corrupt, "the campaign database is damaged: \(text)")
            case SQLITE_CANTOPEN:
                return CampaignStoreError(.cannotOpen, "the campaign database cannot be opened: \(text)")
            case SQLITE_IOERR: return CampaignStoreError(.io, "the disk failed: \(text)")
            case SQLITE_CONSTRAINT:
                return CampaignStoreError(.alreadyExists, "there is such an entry already: \(text)")
            default: return CampaignStoreError(.internalFault, "SQLite: \(text) (\(code))")
            }
        }
    }

    /// Sole owner of one prepared statement. It must not outlive its database.
    struct SQLiteStatement: ~Copyable {
        private let handle: OpaquePointer
        private let database: OpaquePointer

        init(_ handle: OpaquePointer, of database: OpaquePointer) {
            self.handle = handle
            self.database = database
        }

        deinit { sqlite3_finalize(handle) }

        /// A value of a column or parameter.
        enum Value: Hashable {
            case null
            case integer(Int64)
            case text(String)

            init(_ text: String?) { self = text.map { .text($0) } ?? .null }
            init(_ instant: WallClockInstant?) {
                self = instant.map { .integer($0.nanosecondsSinceEpoch) } ?? .null
            }
            init(_ number: Int) { self = .integer(Int64(number)) }
        }

        /// Runs the statement with `values` for its parameters, in order, and ends it; rows are not looked at.
        borrowing func run(_ values: [Value]) throws(CampaignStoreError) {
            try bind(values)
            while try step() {}
            sqlite3_reset(handle)
        }

        /// Sets the parameters for a new round of ``step()``.
        borrowing func bind(_ values: [Value]) throws(CampaignStoreError) {
            sqlite3_reset(handle)
            for (index, value) in values.enumerated() {
                let position = Int32(index + 1)
                let code: Int32
                switch value {
                case .null: code = sqlite3_bind_null(handle, position)
                case .integer(let number): code = sqlite3_bind_int64(handle, position, number)
                case .text(let text):
                    // SQLite copies the bytes before the call returns (SQLITE_TRANSIENT).
                    let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
                    code = sqlite3_bind_text(
                        handle, position, text, Int32(clamping: text.utf8.count), transient)
                }
                guard code == SQLITE_OK else { throw SQLiteDatabase.error(code, database) }
            }
        }

        /// Goes to the next row.
        ///
        /// - Returns: False when there is none.
        borrowing func step() throws(CampaignStoreError) -> Bool {
            switch sqlite3_step(handle) {
            case SQLITE_ROW: return true
            case SQLITE_DONE: return false
            case let code:
                let error = SQLiteDatabase.error(code, database)
                sqlite3_reset(handle)
                throw error
            }
        }

        borrowing func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

        borrowing func text(_ column: Int32) -> String? {
            guard let bytes = sqlite3_column_text(handle, column) else { return nil }
            let count = Int(sqlite3_column_bytes(handle, column))
            return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
        }

        borrowing func instant(_ column: Int32) -> WallClockInstant? {
            guard sqlite3_column_type(handle, column) != SQLITE_NULL else { return nil }
            return WallClockInstant(nanosecondsSinceEpoch: integer(column))
        }
    }
#endif
