using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>An interpolated string whose holes (endpoints, parameters, connection strings) are filled when a resource starts.</summary>
public class ReferenceExpression : IValueProvider, IManifestExpressionProvider
{
    private readonly string _format;
    private readonly IReadOnlyList<IValueProvider> _providers;
    private readonly string[] _manifest;

    internal ReferenceExpression(string format, IReadOnlyList<IValueProvider> providers, IEnumerable<string> manifest)
    {
        _format = format;
        _providers = providers;
        _manifest = [.. manifest];
    }

    public string ValueExpression => string.Format(CultureInfo.InvariantCulture, _format, [.. _manifest]);

    public static ReferenceExpression Create(in ExpressionInterpolatedStringHandler handler) => handler.ToExpression();

    public async ValueTask<string?> GetValueAsync(CancellationToken cancellationToken)
    {
        var values = new object?[_providers.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = await _providers[i].GetValueAsync(cancellationToken);
        }

        return string.Format(CultureInfo.InvariantCulture, _format, values);
    }

    [InterpolatedStringHandler]
    public ref struct ExpressionInterpolatedStringHandler
    {
        private readonly StringBuilder _format;
        private readonly List<IValueProvider> _providers;
        private readonly List<string> _manifest;

        public ExpressionInterpolatedStringHandler(int literalLength, int formattedCount)
        {
            _format = new StringBuilder(literalLength + (4 * formattedCount));
            _providers = new List<IValueProvider>(formattedCount);
            _manifest = new List<string>(formattedCount);
        }

        public readonly void AppendLiteral(string value) =>
            _format.Append(value.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal));

        public readonly void AppendFormatted(string? value)
        {
            if (value is not null)
            {
                AppendLiteral(value);
            }
        }

        public readonly void AppendFormatted<T>(T valueProvider)
            where T : IValueProvider, IManifestExpressionProvider
        {
            _format.Append('{').Append(_providers.Count).Append('}');
            _providers.Add(valueProvider);
            _manifest.Add(valueProvider.ValueExpression);
        }

        public readonly void AppendFormatted<T>(IResourceBuilder<T> valueProvider)
            where T : IResource, IValueProvider, IManifestExpressionProvider => AppendFormatted(valueProvider.Resource);

        internal readonly ReferenceExpression ToExpression() => new(_format.ToString(), _providers, _manifest);
    }
}
