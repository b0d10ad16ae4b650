/// The keys by which messages find their transactions (RFC 3261 §17.1.3, §17.2.3): hashes under the user agent's secret.
struct TransactionKey {
    let secret: KeyedHash.Secret

    /// The magic cookie and what we put behind it.
    static let cookie = "z9hG4bK"

    /// Key of a client transaction that we start.
    func client(branch: UInt64, method: SIPMethod) -> UInt64 {
        var hash = KeyedHash(secret)
        hash.combine(1)
        hash.combine(Self.cookie)
        for digit in HexadecimalDigits(branch) { hash.combine(digit) }
        hash.endField()
        hash.combine(method.description)
        return hash.finish()
    }

    /// Key of the client transaction that a response answers; `nil` without a branch.
    func client(of response: borrowing SIPMessage) -> UInt64? {
        guard let branch = response.topVia.branch else { return nil }
        var hash = KeyedHash(secret)
        hash.combine(1)
        hash.combine(response.bytes(of: branch))
        hash.endField()
        hash.combine(response.bytes(of: response.cSeq.methodName))
        return hash.finish()
    }

    /// Key of the server transaction of a request; ACK and CANCEL can have the key of the INVITE that they mean.
    ///
    /// With the magic cookie it is branch, sent-by and method; without, what RFC 2543 told requests apart by:
    /// Request-URI, From tag, Call-ID, CSeq number and topmost Via.
    func server(of request: borrowing SIPMessage, asInvite: Bool) -> UInt64 {
        var hash = KeyedHash(secret)
        let via = request.topVia
        if via.hasUniqueBranch(in: request.bytes), let branch = via.branch {
            hash.combine(2)
            hash.combine(request.bytes(of: branch))
            hash.endField()
            for byte in 0..<Int(via.host.length) {
                hash.combine(ASCII.lowercased(request.bytes(of: via.host).byte(byte)))
            }
            hash.endField()
            hash.combine(word: UInt64(via.port ?? 5060))
        } else {
            hash.combine(3)
            hash.combine(request.bytes(of: request.requestURI.text))
            hash.endField()
            hash.combine(request.bytes(of: via.text))
            hash.endField()
            combineOrigin(of: request, into: &hash)
        }
        if asInvite {
            hash.combine(73)
        } else {
            hash.combine(request.bytes(of: request.methodName))
        }
        return hash.finish()
    }

    /// Key under which the copies of one request that came by several paths meet (RFC 3261 §8.2.2.2).
    func merge(of request: borrowing SIPMessage) -> UInt64 {
        var hash = KeyedHash(secret)
        hash.combine(4)
        combineOrigin(of: request, into: &hash)
        hash.combine(request.bytes(of: request.methodName))
        return hash.finish()
    }

    private func combineOrigin(of request: borrowing SIPMessage, into hash: inout KeyedHash) {
        if let tag = request.from.tag { hash.combine(request.bytes(of: tag)) }
        hash.endField()
        hash.combine(request.bytes(of: request.callID))
        hash.endField()
        hash.combine(word: UInt64(request.cSeq.number))
    }

    /// Stands for a remote tag in a tombstone.
    func tag(_ tag: RawSpan) -> UInt32 {
        var hash = KeyedHash(secret)
        hash.combine(7)
        hash.combine(tag)
        return UInt32(truncatingIfNeeded: hash.finish())
    }

    /// The branch of the ACK for a 2xx that no session waits for; the BYE has its complement.
    func branch(strandedBy response: borrowing SIPMessage) -> UInt64 {
        var hash = KeyedHash(secret)
        hash.combine(8)
        hash.combine(response.bytes(of: response.callID))
        hash.endField()
        if let tag = response.from.tag { hash.combine(response.bytes(of: tag)) }
        hash.endField()
        if let tag = response.to.tag { hash.combine(response.bytes(of: tag)) }
        hash.endField()
        hash.combine(word: UInt64(response.cSeq.number))
        return hash.finish()
    }

    /// What makes a nonce of ours: nobody else can put a time stamp beside its hash.
    func nonce(stamp: UInt64) -> UInt64 {
        var hash = KeyedHash(secret)
        hash.combine(6)
        hash.combine(word: stamp)
        return hash.finish()
    }

    /// Key of a session that we start: Call-ID and our tag.
    func dialog(callID: String, localTag: String) -> UInt64 {
        withUTF8(callID) { (callID: RawSpan) in
            withUTF8(localTag) { (localTag: RawSpan) in dialog(callID: callID, localTag: localTag) }
        }
    }

    /// Key of a session: Call-ID and our tag.
    func dialog(callID: RawSpan, localTag: RawSpan) -> UInt64 {
        var hash = KeyedHash(secret)
        hash.combine(5)
        hash.combine(callID)
        hash.endField()
        hash.combine(localTag)
        return hash.finish()
    }
}
