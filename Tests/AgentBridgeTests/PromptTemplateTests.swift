internal import AgentBridge
internal import Testing

@Suite("Prompt templates")
struct PromptTemplateTests {
    private let context = ["name": "Jane", "appointment date": "Monday", "empty": "", "größe": "XL"]

    @Test(
        "Places are filled from the context",
        arguments: [
            ("Hello {{name}}!", "Hello Jane!"),
            ("{{ name }}, {{appointment date}}", "Jane, Monday"),
            ("{{größe}} {{name}}{{name}}", "XL JaneJane"),
            ("no place", "no place"),
            ("", ""),
            ("{{empty}}|", "|"),
            ("{{empty|nobody}} {{missing|somebody else}} {{name|x}}", "nobody somebody else Jane"),
            ("{{missing|}}.", "."),
            ("single { and } stay, so do }}", "single { and } stay, so do }}"),
            (#"\{{name}}"#, "{{name}}"),
            (#"\\{{name}}"#, #"\Jane"#),
            (#"C:\new \\ \"#, #"C:\new \\ \"#),
        ])
    func fills(template: String, expected: String) throws {
        #expect(try PromptTemplate(template).render(context) == expected)
    }

    @Test(
        "A broken template is refused with the byte offset of its place",
        arguments: [
            ("Hi {{name", PromptTemplateError.unclosed(offset: 3)),
            ("é {{name} {{x}}", .unclosed(offset: 3)),
            ("{{", .unclosed(offset: 0)),
            ("{{}}", .invalidName(offset: 0)),
            ("a{{ }}", .invalidName(offset: 1)),
            ("a{{na\"me}}", .invalidName(offset: 1)),
            ("a{{|fallback}}", .invalidName(offset: 1)),
        ])
    func refuses(template: String, expected: PromptTemplateError) {
        #expect(throws: expected) { try PromptTemplate(template) }
    }

    @Test("An unknown variable is an error that names it and its place")
    func unknownVariable() throws {
        let template = try PromptTemplate("Dear {{name}}, your {{thing}}")
        #expect(template.variables == ["name", "thing"])
        #expect(throws: PromptTemplateError.unknownVariable(name: "thing", offset: 20)) {
            try template.render(context)
        }
        #expect(throws: PromptTemplateError.unknownVariable(name: "thing", offset: 20)) {
            try template.check(names: ["name"])
        }
    }

    @Test("What a value contains is not read as a template")
    func valuesAreNotTemplates() throws {
        #expect(try PromptTemplate("{{a}}").render(["a": "{{b}}", "b": "x"]) == "{{b}}")
    }
}
