using System.Buffers;
using System.Text;
using Grpc.Wire;

namespace Grpc.Core;

public sealed partial class Metadata
{
    public sealed class Entry
    {
        private static readonly SearchValues<char> KeyCharacters = SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyz_-.");

        private readonly string? _value;
        private byte[]? _bytes;

        // Base64 as received. Decoded when asked for, so that a peer's bad value harms only who reads it.
        private readonly string? _encoded;

        /// <exception cref="ArgumentException">The key has other characters than <c>[0-9a-z_.-]</c>, or ends in <c>-bin</c>.</exception>
        public Entry(string key, string value)
        {
            ArgumentNullException.ThrowIfNull(value);
            Key = Normalize(key);
            if (IsBinary)
            {
                throw new ArgumentException("Cannot use string value for binary header.", nameof(value));
            }

            _value = value;
        }

        /// <exception cref="ArgumentException">The key has other characters than <c>[0-9a-z_.-]</c>, or does not end in <c>-bin</c>.</exception>
        public Entry(string key, byte[] valueBytes)
        {
            ArgumentNullException.ThrowIfNull(valueBytes);
            Key = Normalize(key);
            if (!IsBinary)
            {
                throw new ArgumentException($"Key for binary valued metadata entry needs to have suffix indicating binary value: {BinaryHeaderSuffix}", nameof(key));
            }

            _bytes = (byte[])valueBytes.Clone();
        }

        // Received: the key is lower-case already, and a peer's spelling is not refused.
        private Entry(string key, string? value, string? encoded, byte[]? bytes)
        {
            Key = key;
            _value = value;
            _encoded = encoded;
            _bytes = bytes;
        }

        /// <summary>In lower case.</summary>
        public string Key { get; }

        public bool IsBinary => Key.EndsWith(BinaryHeaderSuffix, StringComparison.Ordinal);

        /// <exception cref="FormatException">The peer's value is not base64.</exception>
        public byte[] ValueBytes => IsBinary ? (byte[])Bytes.Clone() : Encoding.ASCII.GetBytes(_value!);

        public string Value => _value ?? throw new InvalidOperationException("Cannot access string value of a binary metadata entry");

        public override string ToString() => IsBinary
            ? $"[Entry: key={Key}, valueBytes={_encoded ?? Convert.ToBase64String(Bytes)}]"
            : $"[Entry: key={Key}, value={Value}]";

        // The bytes themselves, not a copy.
        internal byte[] Bytes => _bytes ??= HeaderMetadata.FromBase64(_encoded!);

        internal static Entry Received(string key, string value) => new(key, value, null, null);

        internal static Entry ReceivedBinary(string key, string encoded) => new(key, null, encoded, null);

        internal bool HasKey(string key) => string.Equals(Key, key, StringComparison.OrdinalIgnoreCase);

        private static string Normalize(string key)
        {
            ArgumentNullException.ThrowIfNull(key);
            var lower = key.ToLowerInvariant();
            if (lower.Length == 0 || lower.AsSpan().ContainsAnyExcept(KeyCharacters))
            {
                throw new ArgumentException($"Metadata entry key not valid. Keys can only contain lowercase alphanumeric characters, underscores, hyphens and dots. Key: {key}", nameof(key));
            }

            return lower;
        }
    }
}
