"""The command line. Each command works alike whether a service runs on the data folder or not."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from dream import __version__
from dream.commands import run
from dream.errors import DreamError
from dream.settings import Settings, load_settings, origin, variable

WIDTH = 78


class Commands(click.Group):
    """Shows an error that a person can act on as one sentence, and ends with status 1."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except DreamError as error:
            click.echo(f"dream: {error.sentence}", err=True)
            context.exit(1)
        except BrokenPipeError:
            sys.stderr.close()  # the reader of our output left; there is nobody to tell
            context.exit(0)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="dream")
def main() -> None:
    """dream: stories woven from a corpus, with a source for every sentence.

    Settings come from DREAM_* variables or a .env file; `dream config` lists them all.
    """


@main.command()
def serve() -> None:
    """Serve the pages and the API until Ctrl-C."""
    from dream.web.serving import serve as serve_web  # the web server's imports, for this command alone

    serve_web(load_settings(), click.echo)


@main.command()
@click.option(
    "--model",
    "source",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Take the exported model from this folder.",
)
def setup(source: Path | None) -> None:
    """Make everything ready: the embedding model, the database and the starter corpus.

    What is done already is skipped. The model is exported once, in an environment that is deleted afterwards.
    """
    from dream.corpus.starter import starter_folder
    from dream.retrieval.export import ensure_model

    settings = load_settings()
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    click.echo(f"Data folder: {settings.home}")
    ensure_model(settings, click.echo, source)
    outcomes = _ingest(settings, [starter_folder()], "starter")
    for report in run(settings, "embed"):
        click.echo(f"Reading works for their meaning: {report['done']} of {report['of']}")
    changed = sum(count for outcome, count in outcomes.items() if outcome not in ("unchanged", "refused"))
    click.echo(f"The starter corpus stands: {sum(outcomes.values())} works, {changed} of them new or changed.")
    click.echo("Ready. `dream serve` serves it.")


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--corpus", default=None, metavar="NAME", help="The corpus to put them on; made if there is none of that name."
)
def ingest(paths: tuple[Path, ...], corpus: str | None) -> None:
    """Read files, or folders of files, into a corpus.

    The same file again changes nothing; a changed one replaces its work. Ends with status 1 where a file was refused.
    """
    settings = load_settings()
    outcomes = _ingest(settings, list(paths), corpus or settings.corpus)
    counted = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()) or "no files that dream reads"
    click.echo(f"{corpus or settings.corpus}: {counted}")
    if outcomes.get("refused"):
        sys.exit(1)


@main.command()
@click.argument("query", required=False)
@click.option("--corpus", metavar="NAME", help="The corpus to search.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="Hits at most.")
@click.option("--budget", type=click.IntRange(1), metavar="CHARACTERS", help="Characters of fragments at most.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option(
    "--queries",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='A JSONL file of {"id", "query"} lines, answered a line each.',
)
def search(
    query: str | None, corpus: str | None, limit: int, budget: int | None, as_json: bool, queries: Path | None
) -> None:
    """Find the fragments that fit a query, best first."""
    if (query is None) == (queries is None):
        raise click.UsageError("Give either a query or --queries FILE.")
    asked = _queries(queries) if queries else [{"id": "", "query": str(query)}]
    for report in run(load_settings(), "search", queries=asked, corpus=corpus, limit=limit, budget=budget):
        if queries:
            click.echo(json.dumps({"id": report["id"], "hits": report["hits"]}, ensure_ascii=False))
        elif as_json:
            click.echo(
                json.dumps({"query": query, "hits": report["hits"], "missing": report["missing"]}, ensure_ascii=False)
            )
        else:
            _show_hits(report)


@main.command()
@click.argument("premise")
@click.option("--hero", help="Who it is about.")
@click.option("--place", help="Where it happens.")
@click.option("--tone", help="How it should sound.")
@click.option("--length", type=click.Choice(["short", "medium", "long"]), help="How long it is.")
@click.option("--language", type=click.Choice(["en", "ko"]), help="The story's language; the premise's own by default.")
@click.option(
    "--grounding", type=click.Choice(["strict", "inspired", "free"]), help="How closely it keeps to the fragments."
)
@click.option("--corpus", metavar="NAME", help="The corpus it draws on.")
@click.option("--seed", type=int, help="The same seed gives the same story from the loom.")
@click.option("--json", "as_json", is_flag=True, help="The telling's events, one JSON object a line.")
def tell(as_json: bool, **brief: Any) -> None:
    """Tell a story from a premise, and name what it is woven from."""
    ending: dict[str, Any] = {}
    sources: list[dict[str, Any]] = []
    for report in run(load_settings(), "tell", brief=brief):
        data = json.loads(report["data"])
        if as_json:
            click.echo(json.dumps({"event": report["event"], "data": data}, ensure_ascii=False))
        elif report["event"] == "delta":
            click.echo(data["text"], nl=False)
        elif report["event"] == "sources":
            sources = data["sources"]
        ending = data
    if not as_json:
        click.echo("\n")
        _show_sources(sources)
    if ending.get("state") != "told":
        click.echo(f"dream: {ending.get('sentence')}", err=True)
        sys.exit(1)


@main.command()
@click.option("--corpus", metavar="NAME", help="The corpus to list.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def works(corpus: str | None, as_json: bool) -> None:
    """List the works of a corpus."""
    reports = list(run(load_settings(), "works", corpus=corpus))
    if as_json:
        click.echo(json.dumps({"works": reports}, ensure_ascii=False))
        return
    for report in reports:
        author, licence = report["author"] or "unknown author", report["licence"] or "no licence named"
        click.echo(f"{report['language']}  {report['title']} · {author} · {licence}  ({report['source']})")
    if not reports:
        click.echo("This corpus is empty. `dream ingest PATH` puts texts on it.")


@main.command()
def reindex() -> None:
    """Make the vectors and the lexical index anew from the database."""
    with click.progressbar(length=1, label="Indexing", file=sys.stderr) as bar:
        for report in run(load_settings(), "reindex"):
            bar.length = report["of"]
            bar.update(1)
    click.echo("Every live work is indexed.")


@main.command()
def config() -> None:
    """List every setting, its value and where it came from. Secrets are masked."""
    settings = load_settings()
    for name, described in Settings.model_fields.items():
        value = getattr(settings, name)
        click.echo(f"{variable(name)} = {value if value not in (None, '') else '(not set)'}   [{origin(name)}]")
        click.echo(f"    {described.description}")


@main.command()
def doctor() -> None:
    """Say what is missing or wrong, and the command that mends it."""
    from dream.doctor import examine

    findings = list(examine(load_settings()))
    for finding in findings:
        click.echo(f"{'ok  ' if finding.well else 'mend'}  {finding.sentence}")
    if not all(finding.well for finding in findings):
        sys.exit(1)


def _ingest(settings: Settings, paths: list[Path], corpus: str) -> dict[str, int]:
    """Ingests with a line of progress on the terminal; counts by outcome. Refused files are named with their reason."""
    outcomes: dict[str, int] = {}
    for done, report in enumerate(
        run(settings, "ingest", paths=[str(path.absolute()) for path in paths], corpus=corpus), 1
    ):
        outcomes[report["outcome"]] = outcomes.get(report["outcome"], 0) + 1
        if report["outcome"] == "refused":
            click.echo(f"refused: {report['sentence']}", err=True)
        _progress(f"Reading {done}: {report['source']}")
    _progress("")
    return outcomes


def _progress(line: str) -> None:
    """Overwrites one line on a terminal; says nothing into a file or a pipe."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[2K{line[:WIDTH]}", nl=False, err=True)


def _queries(path: Path) -> list[dict[str, str]]:
    asked = []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # other line ends may stand within a query
    except UnicodeDecodeError:
        raise click.UsageError(f"{path} is not text in UTF-8.") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            asked.append({"id": str(row["id"]), "query": str(row["query"])})
        except (ValueError, KeyError, TypeError):
            raise click.UsageError(f'Line {number} of {path} is not {{"id": ..., "query": ...}}.') from None
    return asked


def _show_hits(report: dict[str, Any]) -> None:
    if "meaning" in report["missing"]:
        click.echo(
            "Searching by words alone: the embedding model is not set up yet. `dream setup` makes it.\n", err=True
        )
    for rank, hit in enumerate(report["hits"], 1):
        click.echo(
            click.style(f"{rank}. {hit['work']}", bold=True)
            + f"  {hit['score']:.2f}  {hit['source']}:{hit['start']}-{hit['end']}"
        )
        click.echo(f"   {_excerpt(hit['text'])}\n")
    if not report["hits"]:
        click.echo("Nothing on this shelf fits that.")


def _show_sources(sources: list[dict[str, Any]]) -> None:
    works = [source["work"] for source in sources if source["work"]]
    titles = dict.fromkeys(" · ".join(filter(None, (work["title"], work["author"]))) for work in works)
    if titles:
        click.echo("Woven from:\n" + "\n".join(f"  {title}" for title in titles))
    else:
        click.echo("Nothing on the shelf fitted; this was told from the premise alone.")


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 3 * WIDTH else line[: 3 * WIDTH].rsplit(" ", 1)[0] + " ..."
