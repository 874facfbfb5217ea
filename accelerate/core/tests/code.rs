//! What the scanners see in code.

use proptest::prelude::*;
use victor_core::code::{Language, chunks, symbols};

fn seen(text: &str, language: &str) -> Vec<(String, &'static str, usize, usize)> {
    symbols(text, Language::named(language)).into_iter().map(|one| (one.name, one.kind, one.first, one.last)).collect()
}

fn named(name: &str, kind: &'static str, first: usize, last: usize) -> (String, &'static str, usize, usize) {
    (name.to_owned(), kind, first, last)
}

#[test]
fn python_is_cut_by_indentation() {
    let text = "@cache\ndef load(path,\n  mode='def x():'):\n    '''\ndef no(): pass\n'''\n    return 1\n\n# aside\nclass A(B):\n    x = 1\n    async def go(self): return [\n  2]\n\nprint(1)\n";
    let expected = [named("load", "function", 1, 7), named("A", "class", 10, 13), named("A.go", "method", 12, 13)];
    assert_eq!(seen(text, "python"), expected);
}

#[test]
fn rust_has_types_and_their_methods() {
    let text = "/// Doc {\n#[derive(Debug)]\npub struct A<'a> { x: &'a str }\nimpl<T: Into<A>> From<T> for A<'_> {\n    fn from(t: T) -> Self { r#\"}\"# ; '}' }\n}\npub(crate) async fn go()\nwhere T: X {\n}\nstruct Unit;\nmod m { fn inner() {} }\n";
    let expected = [
        named("A", "struct", 1, 3),
        named("A", "impl", 4, 6),
        named("A.from", "method", 5, 5),
        named("go", "function", 7, 9),
        named("Unit", "struct", 10, 10),
        named("m", "module", 11, 11),
        named("m.inner", "method", 11, 11),
    ];
    assert_eq!(seen(text, "rs"), expected);
}

#[test]
fn javascript_knows_templates_and_regular_expressions() {
    let text = "const x = `${ {a: 1}.a } }`\nexport const go = async (a) => {\n  return /[}/]{/.test(a)\n}\nfunction* gen() { if (a) { b } }\nclass A extends B {\n  #x = 1\n  static make(a) { return a }\n  run = () => {\n  }\n}\ninterface I { a(): void }\ntype T = { a: string }\nif (x) { y() }\n";
    let expected = [
        named("go", "function", 2, 4),
        named("gen", "function", 5, 5),
        named("A", "class", 6, 11),
        named("A.make", "method", 8, 8),
        named("A.run", "method", 9, 10),
        named("I", "interface", 12, 12),
        named("T", "type", 13, 13),
    ];
    assert_eq!(seen(text, "ts"), expected);
}

#[test]
fn go_and_java_and_sql_and_markdown_too() {
    let go = "package a\n\ntype T struct {\n\tx int\n}\n\n// Run runs.\nfunc (t *T) Run(a int) error {\n\treturn nil\n}\nfunc main() {}\n";
    assert_eq!(
        seen(go, "go"),
        [named("T", "struct", 3, 5), named("T.Run", "method", 7, 10), named("main", "function", 11, 11)]
    );
    let java = "@Deprecated(since = \"{\")\npublic class A {\n  int x = f(1);\n  @Override\n  public String toString() throws X {\n    if (a) { b(); }\n    return \"}\";\n  }\n  abstract void go();\n  enum E { A, B }\n}\n";
    assert_eq!(
        seen(java, "java"),
        [
            named("A", "class", 1, 11),
            named("A.toString", "method", 4, 8),
            named("A.go", "method", 9, 9),
            named("A.E", "enum", 10, 10)
        ]
    );
    let sql = "-- create table no;\nCREATE TABLE IF NOT EXISTS a.b (x text default ';');\n\nselect 1;\ncreate or replace function f() as $$ ; $$\n";
    assert_eq!(seen(sql, "sql"), [named("a.b", "table", 2, 2), named("f", "function", 5, 5)]);
    let markdown = "# One\ntext\n```\n# no\n```\n## Two\n\n# Three\n";
    assert_eq!(
        seen(markdown, "md"),
        [named("One", "section", 1, 7), named("One.Two", "section", 6, 7), named("Three", "section", 8, 8)]
    );
}

#[test]
fn chunks_keep_definitions_whole() {
    let one = |name: &str| format!("def {name}():\n{}\n", "    call_something(1, 2, 3)\n".repeat(30));
    let found = chunks(&(one("a") + &one("b") + &one("c")), Language::Python);
    let names: Vec<_> = found.iter().map(|chunk| (chunk.first, chunk.last, chunk.names.join(","))).collect();
    assert_eq!(names, [(1, 31, "a".to_owned()), (33, 63, "b".to_owned()), (65, 95, "c".to_owned())]);
}

proptest! {
    /// Whatever the text: no panic, chunks in order, no line twice, no line of substance left out.
    #[test]
    fn chunks_cover_every_line_once(
        text in "([a-z(){};'\"`#/*=<> \\\\]{0,12}(def |class |fn |function |\n|\n\n|é|```|r#\"|\\$\\$)){0,60}",
        language in prop_oneof![
            Just("python"), Just("rust"), Just("js"), Just("go"), Just("java"), Just("sql"), Just("md"), Just("txt")
        ],
    ) {
        let found = chunks(&text, Language::named(language));
        let mut covered = vec![false; text.split('\n').count() + 1];
        let mut last = 0;
        for chunk in found {
            prop_assert!(chunk.first > last && chunk.last >= chunk.first);
            last = chunk.last;
            covered[chunk.first..=chunk.last].fill(true);
        }
        for (number, line) in text.split('\n').enumerate() {
            prop_assert!(covered[number + 1] || line.trim_ascii().is_empty(), "line {}", number + 1);
        }
    }
}
