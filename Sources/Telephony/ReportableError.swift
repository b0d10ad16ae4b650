/// An error whose description may stand in outcomes, records, reports and logs: it names fields, steps and causes, and never the
/// callee's number, name or words.
///
/// Of any other error that an agent throws the outcome names the type alone. Conform your own where people have to know more.
public protocol ReportableError: Error, CustomStringConvertible {}
