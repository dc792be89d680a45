"""Values that a careless client, server or page would alter."""

AWKWARD = {
    "lines": "first\nsecond\r\nthird\n\n",
    "tabs": "\tcolumn\tcolumn\t",
    "emoji": "🔑👩‍👩‍👧‍👦🇯🇵",
    "japanese": "秘密の値 髙﨑 ㍿ か\u3099",
    "spaces": "  leading and trailing   ",
    "quotes": "\"'`\\${HOME} %s <b>&amp;",
    "looks_like_base64": "aGVsbG8=",
    "looks_like_json": '{"value": null}',
    "looks_like_an_option": "--help",
    "pem": "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
    "sixty_kilobytes": "0123456789abcde\n" * 3840,
}
