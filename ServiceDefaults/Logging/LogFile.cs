using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LlmGateway.ServiceDefaults.Logging;

/// <summary>A file that several processes append to, and that may be moved away or cut meanwhile.</summary>
internal sealed partial class LogFile(string path, TimeProvider time) : IDisposable
{
    // As often as this the path is looked up again: a file that was moved away gets no lines after that.
    private static readonly TimeSpan Reopening = TimeSpan.FromSeconds(1);

    private SafeFileHandle? _file;
    private long _openedAt;

    /// <summary>Appends whole lines at once.</summary>
    /// <exception cref="IOException">They could not be written, or not all of them.</exception>
    /// <exception cref="UnauthorizedAccessException">Nor could the folder be made.</exception>
    public void Append(ReadOnlySpan<byte> lines)
    {
        if (_file is null || time.GetElapsedTime(_openedAt) >= Reopening)
        {
            Reopen();
        }

        // Where to is the system's business: with O_APPEND it takes no offset.
        RandomAccess.Write(_file!, lines, fileOffset: 0);
    }

    public void Dispose() => _file?.Dispose();

    /// <summary>Makes the file, readable for its owner and group, and its folder, where they are missing.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be made.</exception>
    public static SafeFileHandle Open(string path)
    {
        // FileStream has no mode that appends at the end as it is at the moment of the write: it would write over what others wrote.
        if (!OperatingSystem.IsLinux())
        {
            throw new NotSupportedException("a log file is written on Linux only.");
        }

        var full = Path.GetFullPath(path);
        if (Path.GetDirectoryName(full) is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);
        }

        var descriptor = OpenFile(full, WriteOnly | Create | AtEnd | CloseOnExec, OwnerAndGroup);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException($"'{full}' cannot be opened for writing: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    private void Reopen()
    {
        try
        {
            var file = Open(path);
            _file?.Dispose();
            _file = file;
        }
        catch (Exception exception) when (_file is not null && exception is IOException or UnauthorizedAccessException)
        {
            // What is open is still good.
        }

        _openedAt = time.GetTimestamp();
    }

    // Linux, on every architecture that .NET has.
    private const int WriteOnly = 0x1;
    private const int Create = 0x40;
    private const int AtEnd = 0x400;
    private const int CloseOnExec = 0x80000;
    private const int OwnerAndGroup = 0b110_100_000;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags, int mode);
}
