-- Writes a version for each price that differs from the one in force; returns how many. One announcement at a time:
-- the versions' numbers then become visible in their order, so that the newest number known stands for the whole book.
create function billing.announce_prices(
    p_providers text[], p_models text[], p_input bigint[], p_cached_input bigint[], p_cache_write bigint[],
    p_output bigint[], p_hashes text[], p_now timestamptz)
returns int language plpgsql as $$
declare
    v_changed int;
begin
    perform pg_advisory_xact_lock(hashtextextended('billing.price_versions', 0));
    insert into billing.price_versions (
        provider, model, input, cached_input, cache_write, output, effective_from, content_hash)
    select n.provider, n.model, n.input, n.cached_input, n.cache_write, n.output, p_now, n.hash
    from unnest(p_providers, p_models, p_input, p_cached_input, p_cache_write, p_output, p_hashes)
        n (provider, model, input, cached_input, cache_write, output, hash)
    left join lateral (
        select v.content_hash from billing.price_versions v
        where v.provider = n.provider and v.model = n.model order by v.id desc limit 1) in_force on true
    where in_force.content_hash is distinct from n.hash
        -- A model that never had a price and still has none is no news.
        and (in_force.content_hash is not null or n.input is not null or n.output is not null);
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;
