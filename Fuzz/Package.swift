// swift-tools-version: 6.2
import PackageDescription

/// The fuzz targets of the package above under libFuzzer: `script/fuzz` builds and runs it.
let package = Package(
    name: "Fuzz",
    dependencies: [.package(name: "outdial", path: "..")],
    targets: [
        .target(name: "CLibFuzzer"),
        .executableTarget(
            name: "fuzz", dependencies: ["CLibFuzzer", .product(name: "FuzzTargets", package: "outdial")]),
    ],
    swiftLanguageModes: [.v6]
)
