import CLibFuzzer
import FuzzTargets
import Glibc

// `fuzz TARGET [libFuzzer's arguments]`.
guard CommandLine.argc > 1, let target = FuzzTarget(rawValue: CommandLine.arguments[1]) else {
    print("usage: fuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) [libFuzzer arguments]")
    exit(64)
}
if CommandLine.arguments.dropFirst(2).first == "--length" {
    print(target.maximumLength)
    exit(0)
}
let chosen = target
var arguments = ([CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2)).map { strdup($0) }
arguments.append(nil)
var count = Int32(arguments.count - 1)
let code = arguments.withUnsafeMutableBufferPointer { buffer in
    var base = buffer.baseAddress
    return LLVMFuzzerRunDriver(&count, &base) { data, size in
        chosen.run(Array(UnsafeBufferPointer(start: data, count: size)))
        return 0
    }
}
exit(code)
