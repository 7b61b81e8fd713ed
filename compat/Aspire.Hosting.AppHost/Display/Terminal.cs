namespace Aspire.Hosting.Display;

/// <summary>Whole lines only: several threads write.</summary>
internal static class Terminal
{
    private static readonly Lock Gate = new();

    public static void Line(string text)
    {
        lock (Gate)
        {
            System.Console.Out.WriteLine(text);
        }
    }

    public static void Error(string text)
    {
        lock (Gate)
        {
            System.Console.Out.Flush();
            System.Console.Error.WriteLine(text);
        }
    }
}
