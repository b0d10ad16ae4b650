#if os(Linux)
    private import CLinuxIO
    internal import Glibc
    internal import SansIO

    /// Sole owner of one file descriptor.
    struct Descriptor: ~Copyable {
        let number: Int32

        /// - Parameter result: A descriptor, or a negated errno.
        init(owning result: Int32, for purpose: String) throws(DriverError) {
            guard result >= 0 else { throw DriverError(errno: -result, doing: purpose) }
            number = result
        }

        deinit { linuxio_close(number) }
    }

    extension DriverError {
        /// - Parameter purpose: What was tried, for example `bind 192.0.2.1:5060`.
        init(errno code: Int32, doing purpose: String) {
            switch code {
            case EADDRINUSE:
                self.init(code: .addressInUse, message: "\(purpose): another process uses this address")
            case EADDRNOTAVAIL, EAFNOSUPPORT:
                self.init(code: .addressNotAvailable, message: "\(purpose): not an address of this machine")
            case EACCES, EPERM:
                self.init(code: .permissionDenied, message: "\(purpose): permission denied")
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                self.init(
                    code: .tooManyDescriptors,
                    message: "\(purpose): out of descriptors or socket memory; raise the limit (ulimit -n)")
            default:
                self.init(code: .system, message: "\(purpose): \(String(cString: strerror(code)))")
            }
        }
    }
#endif
