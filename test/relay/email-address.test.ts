import fc from "fast-check";
import { domainOf, emailAddress, mailboxesOf, withoutEmailAddresses } from "../../relay/core/policy/email-address.ts";
import { EscapeBudget } from "../../relay/core/policy/spellings.ts";

const hideIn = (text: string) => withoutEmailAddresses(text, new EscapeBudget());

describe("e-mail addresses", () => {
  test.each([
    ["ada@example.org", "ada@example.org"],
    [" Ada.L+x@Mail.Example.ORG\n", "ada.l+x@mail.example.org"],
    ["zoë@exämple.org", "zoë@exämple.org"],
    ["ada@localhost", "ada@localhost"],
    ['"Ada L"@[192.0.2.1]', '"ada l"@[192.0.2.1]'],
    ["jose\u0301@example.org", "josé@example.org"],
    ["राम@example.org", "राम@example.org"],
    ["Ada <ada@example.org>", undefined],
    ["#ops", undefined],
    ["https://u:p@example.org/", undefined],
    [12, undefined],
    [null, undefined],
  ])("%j: %j", (value, address) => {
    expect(emailAddress(value)).toBe(address);
  });

  test.each([
    ["to राम@example.org.", "to [e-mail]."],
    ['550 "jane doe"@example.org unknown', "550 [e-mail] unknown"],
    ["<jane@intranet>: no", "<[e-mail]>: no"],
    ["jose\u0301@example.org", "[e-mail]"],
    ["at jane@[IPv6:2001:db8::1]!", "at [e-mail]!"],
    ["?a=JANE%40EXAMPLE.org&b", "?a=[e-mail]&b"],
    ["to%20ada%2Bx%2540example.org%20now", "to%20[e-mail]%20now"],
    [String.raw`"to":"line\nada\u0040example.org"`, String.raw`"to":"line\n[e-mail]"`],
    ["&lt;ada&#64;example&period;org&gt; &amp;c", "&lt;[e-mail]&gt; &amp;c"],
    ["100%ada@example.org", "100%[e-mail]"],
    ["?size=40mm.html&x=%E9%zz", "?size=40mm.html&x=%E9%zz"],
    ["3@5, @ada, a@, 12@34", "3@5, @ada, a@, 12@34"],
  ])("within %j", (text, shown) => {
    expect(hideIn(text)).toBe(shown);
  });

  test("of a list are read one by one, and what can't be read is reported", () => {
    expect(mailboxesOf("Ada <ADA@example.org>, bob@b.org (Bob); <x@[::1]>")).toEqual({
      addresses: ["ada@example.org", "bob@b.org", "x@[::1]"],
      unreadable: false,
    });
    expect(mailboxesOf("ada@example.org, bob @ b")).toEqual({ addresses: ["ada@example.org"], unreadable: true });
    expect(mailboxesOf('"(x" <a@a.org>, "b, c"@b.org (d, e), "f" g@g.org')).toEqual({
      addresses: ["a@a.org", '"b, c"@b.org', "g@g.org"],
      unreadable: false,
    });
    expect(domainOf("ada@bücher.example")).toBe("xn--bcher-kva.example");
  });

  test("the time to search a text is proportional to its length", () => {
    const texts = ["a".repeat(1_000_000), "a@".repeat(500_000), `${"a.".repeat(500_000)}@`, "a@b-".repeat(250_000)];
    for (const text of texts) expect(hideIn(text)).toBe(text);
  });

  test("are reported as a whole, and found within any text", () => {
    const around = fc.stringMatching(/^[ <>(),;:"'=?&/\n]{1,20}$/);
    const address = fc.stringMatching(/^[a-z0-9._+-]{1,30}@[a-z0-9-]{1,20}\.[a-z]{2,6}$/);
    fc.assert(
      fc.property(around, address, around, (before, address, after) => {
        expect(emailAddress(address)).toBe(address);
        expect(hideIn(before + address + after)).toBe(`${before}[e-mail]${after}`);
      }),
    );
    fc.assert(
      fc.property(fc.emailAddress({ size: "small" }), (address) =>
        expect(emailAddress(address)).toBe(address.toLowerCase()),
      ),
    );
  });
});
