// swift-tools-version: 6.2
import PackageDescription

/// What every target is held to: Swift 6 mode with all upcoming features, and no warnings.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
    .treatWarning("DeprecatedDeclaration", as: .warning),
]

/// For the targets that touch no C handle and no executor: pointers need an explicit `unsafe`.
let pure: [SwiftSetting] = strict + [.strictMemorySafety()]

let openSSL: TargetDependency = .target(name: "COpenSSL", condition: .when(traits: ["Secure"]))
let opus: TargetDependency = .target(name: "COpus", condition: .when(traits: ["Opus"]))
let spanDSP: TargetDependency = .target(name: "CSpanDSP", condition: .when(traits: ["G722"]))
let srtp: TargetDependency = .target(name: "CSRTP", condition: .when(traits: ["Secure"]))
let sqlite: TargetDependency = .target(name: "CSQLite", condition: .when(traits: ["SQLite"]))

typealias TargetDependency = Target.Dependency

let package = Package(
    name: "outdial",
    platforms: [.macOS("26.0")],
    products: [
        .library(name: "SIPCore", targets: ["SIPCore"]),
        .library(name: "RTPMedia", targets: ["RTPMedia"]),
        .library(name: "Telephony", targets: ["Telephony"]),
        .library(name: "SecureSIP", targets: ["SecureSIP"]),
        .library(name: "SecureMedia", targets: ["SecureMedia"]),
        .library(name: "OpusMedia", targets: ["OpusMedia"]),
        .library(name: "G722Media", targets: ["G722Media"]),
        .library(name: "CampaignKit", targets: ["CampaignKit"]),
        .library(name: "CampaignSQLite", targets: ["CampaignSQLite"]),
        .library(name: "AgentBridge", targets: ["AgentBridge"]),
        .library(name: "CallSimulator", targets: ["CallSimulator"]),
        // For the package in Fuzz/ alone.
        .library(name: "FuzzTargets", targets: ["FuzzTargets"]),
        .executable(name: "outdial", targets: ["outdial"]),
        .executable(name: "callsim", targets: ["callsim"]),
    ],
    traits: [
        .trait(name: "G722", description: "The wideband codec G.722 through spandsp (libspandsp-dev)."),
        .trait(
            name: "Opus",
            description: "The codec Opus, and recordings in it (libopus-dev, libopusenc-dev)."),
        .trait(
            name: "Secure",
            description:
                "SIP over TLS and STIR/SHAKEN through OpenSSL 3 (libssl-dev), SRTP (libsrtp2-dev)."),
        .trait(name: "SQLite", description: "A durable campaign store on SQLite 3 (libsqlite3-dev)."),
    ],
    targets: [
        // C libraries and shims: no policy.
        .systemLibrary(
            name: "CSpeexDSP", path: "Sources/CSpeexDSP", pkgConfig: "speexdsp",
            providers: [.apt(["libspeexdsp-dev"]), .brew(["speexdsp"])]),
        .systemLibrary(
            name: "COpenSSL", path: "Sources/COpenSSL", pkgConfig: "openssl",
            providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
        .systemLibrary(
            name: "CSQLite", path: "Sources/CSQLite", pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(
            name: "COpus", path: "Sources/COpus", pkgConfig: "libopusenc",
            providers: [.apt(["libopus-dev", "libopusenc-dev"]), .brew(["opus", "libopusenc"])]),
        .systemLibrary(
            name: "CSpanDSP", path: "Sources/CSpanDSP", pkgConfig: "spandsp",
            providers: [.apt(["libspandsp-dev"]), .brew(["spandsp"])]),
        .systemLibrary(
            name: "CSRTP", path: "Sources/CSRTP", pkgConfig: "libsrtp2",
            providers: [.apt(["libsrtp2-dev"]), .brew(["srtp"])]),
        .target(name: "CLinuxIO", path: "Sources/CLinuxIO"),

        // The library, lowest first.
        .target(name: "SansIO", path: "Sources/SansIO", swiftSettings: pure),
        .target(name: "SIPCore", dependencies: ["SansIO"], path: "Sources/SIPCore", swiftSettings: pure),
        .target(
            name: "RTPMedia", dependencies: ["SansIO", "CSpeexDSP"], path: "Sources/RTPMedia",
            swiftSettings: strict),
        .target(
            name: "SocketDriver", dependencies: ["SansIO", "CLinuxIO"], path: "Sources/SocketDriver",
            swiftSettings: strict),
        .target(
            name: "Telephony", dependencies: ["SansIO", "SIPCore", "RTPMedia", "SocketDriver"],
            path: "Sources/Telephony", swiftSettings: strict),
        // Empty unless the trait `Secure` is on.
        .target(
            name: "SecureSIP", dependencies: ["SansIO", "SIPCore", openSSL], path: "Sources/SecureSIP",
            swiftSettings: strict),
        .target(
            name: "SecureMedia", dependencies: ["SansIO", "RTPMedia", srtp], path: "Sources/SecureMedia",
            swiftSettings: strict),
        // They have no codec unless its trait is on.
        .target(
            name: "OpusMedia", dependencies: ["SansIO", "RTPMedia", opus], path: "Sources/OpusMedia",
            swiftSettings: strict),
        .target(
            name: "G722Media", dependencies: ["SansIO", "RTPMedia", spanDSP], path: "Sources/G722Media",
            swiftSettings: strict),
        .target(
            name: "CampaignKit", dependencies: ["SansIO", "Telephony"], path: "Sources/CampaignKit",
            swiftSettings: strict),
        // Empty unless the trait `SQLite` is on.
        .target(
            name: "CampaignSQLite", dependencies: ["SansIO", "Telephony", "CampaignKit", sqlite],
            path: "Sources/CampaignSQLite", swiftSettings: strict),
        .target(
            name: "AgentBridge", dependencies: ["SansIO", "RTPMedia", "Telephony"],
            path: "Sources/AgentBridge", swiftSettings: strict),

        // What both command-line tools parse their words with.
        .target(name: "ToolArguments", path: "Sources/ToolArguments", swiftSettings: strict),

        // The simulator and the tools.
        .target(name: "CSimulatorHooks", path: "Simulator/CSimulatorHooks"),
        .target(
            name: "CallSimulator",
            dependencies: [
                "CSimulatorHooks", "SansIO", "SIPCore", "RTPMedia", "Telephony", "AgentBridge", "CampaignKit",
            ],
            path: "Simulator/CallSimulator", swiftSettings: strict),
        .executableTarget(
            name: "callsim",
            dependencies: [
                "ToolArguments", "CallSimulator", "SansIO", "Telephony", "AgentBridge", "CampaignKit",
            ],
            path: "Simulator/callsim", swiftSettings: strict),
        .executableTarget(
            name: "outdial",
            dependencies: [
                "ToolArguments", "SansIO", "SIPCore", "RTPMedia", "SocketDriver", "Telephony", "SecureSIP",
                "SecureMedia", "OpusMedia", "G722Media", "CampaignKit", "CampaignSQLite",
                "AgentBridge",
                "CallSimulator",
            ],
            path: "Sources/outdial", swiftSettings: strict),
        .target(name: "CAllocationCounter", path: "Benchmarks/CAllocationCounter"),
        .executableTarget(
            name: "bench",
            dependencies: [
                "CAllocationCounter", "SansIO", "SIPCore", "RTPMedia", "SocketDriver", "Telephony",
                "SecureMedia", "OpusMedia", "G722Media", "CampaignKit",
                "AgentBridge", "CallSimulator", "TestSupport",
            ],
            path: "Benchmarks/bench", swiftSettings: strict),

        // Tests mirror the targets; InteropTests meet strangers, RepositoryTests read the sources.
        .target(
            name: "TestSupport", dependencies: ["CSpeexDSP", "SansIO", "SIPCore", "RTPMedia"],
            path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(name: "SansIOTests", dependencies: ["TestSupport", "SansIO"], swiftSettings: strict),
        .testTarget(
            name: "SIPCoreTests", dependencies: ["TestSupport", "SIPCore", "SansIO"], swiftSettings: strict),
        .testTarget(
            name: "RTPMediaTests", dependencies: ["TestSupport", "RTPMedia", "SansIO"], swiftSettings: strict),
        .testTarget(
            name: "SocketDriverTests", dependencies: ["TestSupport", "SocketDriver", "SansIO"],
            swiftSettings: strict),
        .testTarget(
            name: "TelephonyTests",
            dependencies: ["TestSupport", "Telephony", "SansIO", "SIPCore", "RTPMedia"],
            swiftSettings: strict),
        .testTarget(
            name: "SecureSIPTests", dependencies: ["TestSupport", "SecureSIP", "SansIO", "SIPCore"],
            swiftSettings: strict),
        .testTarget(
            name: "SecureMediaTests", dependencies: ["TestSupport", "SecureMedia", "RTPMedia", "SansIO"],
            swiftSettings: strict),
        .testTarget(
            name: "OpusMediaTests", dependencies: ["TestSupport", "OpusMedia", "RTPMedia", "SansIO"],
            swiftSettings: strict),
        .testTarget(
            name: "G722MediaTests", dependencies: ["TestSupport", "G722Media", "RTPMedia", "SansIO"],
            swiftSettings: strict),
        .testTarget(
            name: "CampaignKitTests",
            dependencies: ["TestSupport", "CampaignKit", "CampaignSQLite", "Telephony", "SansIO", sqlite],
            swiftSettings: strict),
        .testTarget(
            name: "AgentBridgeTests",
            dependencies: ["TestSupport", "AgentBridge", "Telephony", "RTPMedia", "SansIO"],
            swiftSettings: strict),
        .testTarget(
            name: "CallSimulatorTests",
            dependencies: [
                "TestSupport", "CallSimulator", "SansIO", "SIPCore", "RTPMedia", "SocketDriver", "Telephony",
                "SecureMedia", "OpusMedia", "G722Media", "CampaignKit",
                "AgentBridge",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "InteropTests",
            dependencies: [
                "TestSupport", "CallSimulator", "SansIO", "SIPCore", "RTPMedia", "SocketDriver", "Telephony",
                "SecureSIP", "SecureMedia", "OpusMedia", "G722Media", "CampaignKit",
                "AgentBridge",
            ],
            exclude: ["Fixtures"], swiftSettings: strict),
        .target(
            name: "FuzzTargets", dependencies: ["SansIO", "SIPCore", "RTPMedia"], path: "Tests/FuzzTargets",
            swiftSettings: strict),
        .testTarget(name: "FuzzReplayTests", dependencies: ["FuzzTargets", "SansIO"], swiftSettings: strict),
        .testTarget(name: "RepositoryTests", swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
