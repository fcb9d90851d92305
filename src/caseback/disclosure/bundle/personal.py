"""What looks like personal data or a secret in text that is about to be published. It finds forms, not meanings."""

from collections.abc import Iterator, Mapping

from caseback.detectors.regex import compiled

FORMS = {
    "an e-mail address": r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]{2,}",
    "a telephone number": r"\+\d{1,3}[ -]?\(?\d{2,4}\)?([ -]?\d{2,4}){2,4}",
    "a card number": r"\b\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}\b",
    "a social security number": r"\b\d{3}-\d{2}-\d{4}\b",
    "a key": r"\b(sk|pk|ghp|gho|xox[abp]|AKIA|hf)[-_A-Za-z0-9]{16,}\b",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "an address on the internet": r"\b(\d{1,3}\.){3}\d{1,3}\b",
}
READ = ("contrasts/", "selftest/", "evidence/")


def personal(files: Mapping[str, bytes]) -> Iterator[tuple[str, int, str]]:
    """File, line and form of all that is found, one of each form a file."""
    patterns = {what: compiled(form) for what, form in FORMS.items()}
    for name, data in files.items():
        if not name.startswith(READ):
            continue
        text = data.decode("utf-8", "replace")
        for what, pattern in patterns.items():
            if match := pattern.search(text):
                yield name, text.count("\n", 0, match.start()) + 1, what
