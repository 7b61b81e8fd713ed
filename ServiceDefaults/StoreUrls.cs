using System.Data.Common;
using System.Globalization;

namespace LlmGateway.ServiceDefaults;

/// <summary>
/// The addresses of stores as other platforms write them, in the form that Npgsql and StackExchange.Redis read:
/// <code>
/// postgres://user:p%40ss@db.example:5432/gateway?sslmode=require
/// redis://:password@cache.example:6379/0        rediss:// for TLS
/// </code>
/// Neither library reads these forms itself.
/// </summary>
internal static class StoreUrls
{
    public static FlatValue Postgres(string text)
    {
        // Already in Npgsql's form.
        if (text.Contains("Host=", StringComparison.OrdinalIgnoreCase))
        {
            return text;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var url))
        {
            return FlatValue.Wrong("is not an address such as postgres://user:password@host:5432/database.");
        }

        // "postgresql+asyncpg://" is what Python's SQLAlchemy users have.
        var scheme = url.Scheme.Split('+')[0];
        if (scheme is not ("postgres" or "postgresql"))
        {
            return FlatValue.Wrong($"{scheme}:// is not supported; PostgreSQL is needed (postgres://user:password@host:5432/database).");
        }

        var database = Uri.UnescapeDataString(url.AbsolutePath.Trim('/'));
        if (url.Host.Length == 0 || database.Length == 0)
        {
            return FlatValue.Wrong("names no host or no database (postgres://user:password@host:5432/database).");
        }

        var connection = new DbConnectionStringBuilder { ["Host"] = url.Host, ["Port"] = url.Port > 0 ? url.Port : 5432, ["Database"] = database };
        AddUser(url, connection);
        return AddParameters(url, connection) is { } error ? FlatValue.Wrong(error) : connection.ConnectionString;
    }

    public static FlatValue Redis(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("redis" or "rediss") || url.Host.Length == 0)
        {
            return FlatValue.Wrong("is not an address such as redis://:password@host:6379/0.");
        }

        var database = url.AbsolutePath.Trim('/');
        if (database.Length > 0 && !ushort.TryParse(database, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            return FlatValue.Wrong("ends in something else than a database number.");
        }

        if (url.UserInfo.Split(':')[0] is { Length: > 0 } and not "default")
        {
            return FlatValue.Wrong("names a user; the Redis client signs in by password only.");
        }

        if (url.Query.Length > 1)
        {
            return FlatValue.Wrong("has parameters, none of which is known.");
        }

        var password = RedisPassword(PasswordOf(url) ?? "");
        return password.Error is not null
            ? password
            : RedisConnectionString(url.Host, url.Port > 0 ? $"{url.Port}" : null, database, password.Value, tls: url.Scheme == "rediss");
    }

    // The client's form separates by comma and knows no escape.
    public static FlatValue RedisPassword(string text) => text.Contains(',', StringComparison.Ordinal)
        ? FlatValue.Wrong("has a comma in the password, which the Redis client's connection string cannot carry.")
        : text;

    public static string RedisConnectionString(string host, string? port, string? database, string? password, bool tls)
    {
        var text = $"{host}:{port ?? "6379"}";
        text += string.IsNullOrEmpty(password) ? "" : $",password={password}";
        text += string.IsNullOrEmpty(database) ? "" : $",defaultDatabase={database}";
        return tls ? text + ",ssl=true" : text;
    }

    private static void AddUser(Uri url, DbConnectionStringBuilder connection)
    {
        if (url.UserInfo.Split(':')[0] is { Length: > 0 } user)
        {
            connection["Username"] = Uri.UnescapeDataString(user);
        }

        if (PasswordOf(url) is { } password)
        {
            connection["Password"] = password;
        }
    }

    private static string? PasswordOf(Uri url)
    {
        var separator = url.UserInfo.IndexOf(':', StringComparison.Ordinal);
        return separator < 0 ? null : Uri.UnescapeDataString(url.UserInfo[(separator + 1)..]);
    }

    // The parameters of libpq that hosted databases put into their addresses.
    private static string? AddParameters(Uri url, DbConnectionStringBuilder connection)
    {
        foreach (var parameter in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = parameter.Split('=', 2) is [var left, var right]
                ? (left.ToLowerInvariant(), Uri.UnescapeDataString(right))
                : (parameter, "");
            var key = name switch
            {
                "sslmode" or "ssl" => "SSL Mode",
                "sslrootcert" => "Root Certificate",
                "connect_timeout" => "Timeout",
                "application_name" => "Application Name",
                "options" => "Options",
                "channel_binding" => "Channel Binding",
                _ => null,
            };
            if (key is null)
            {
                return $"has the parameter '{name}', which is not known (sslmode, sslrootcert, connect_timeout, application_name, options, "
                    + "channel_binding).";
            }

            // "verify-full" is VerifyFull in Npgsql's form.
            connection[key] = key == "SSL Mode" ? value.Replace("-", "", StringComparison.Ordinal) : value;
        }

        return null;
    }
}
