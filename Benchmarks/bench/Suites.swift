/// Every suite, in the order of the table.
let suites: [Suite] = [worldSuite, driverSuite]
