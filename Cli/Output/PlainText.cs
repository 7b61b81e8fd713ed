using System.Text;

namespace LlmGateway.Cli.Output;

/// <summary>Text that came from elsewhere, in one line: control characters could move the cursor or repaint what was printed before.</summary>
internal static class PlainText
{
    public static string Of(string text) => text.Any(char.IsControl)
        ? new StringBuilder(text.Length).AppendJoin("", text.Select(character => char.IsControl(character) ? '?' : character)).ToString()
        : text;
}
